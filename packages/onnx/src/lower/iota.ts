import type { ops } from '@casement/ir';
import { type Lower, lowerTo, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

export const iota: Lower<typeof ops.iota> = (ctx, node, { size }) => {
  const { writer, values, dims } = ctx;
  const result = resultOf(node);
  if (typeof size === 'number') {
    const numbers = Array.from({ length: size }, (_, i) => i);
    values.define(result, 'plain', () => writer.constant('i32', [size], numbers, result.name));
    return;
  }
  const scalar = { dtype: 'i64', shape: [] } as const;
  const end = writer.op('Squeeze', [dims.size(size)], writer.fresh(`${result.name}.end`, scalar));
  const number = (value: number) => writer.constant('i64', [], [value]);
  const wide = writer.fresh(`${result.name}.wide`, { dtype: 'i64', shape: [size] });
  writer.op('Range', [number(0), end, number(1)], wide);
  lowerTo(ctx, node, 'Cast', { inputs: [wide], attrs: { to: { int: ELEM_TYPE.i32 } } });
};
