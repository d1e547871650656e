import type { ops } from '@casement/ir';
import { type Lower, lowerTo, operand, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

/** `NonZero` gives int64 [rank count]. Its shape is where the counted dim is read from. */
export const nonZero: Lower<typeof ops.nonZero> = (ctx, node, { count }) => {
  const { writer, values, dims } = ctx;
  const { name } = resultOf(node);
  const found = writer.fresh(`${name}.found`, { dtype: 'i64', shape: [1, count] });
  writer.op('NonZero', [values.plain(operand(node, 0))], found);
  dims.count(String(count), { tensor: () => found, axis: 1 });
  const wide = writer.fresh(`${name}.wide`, { dtype: 'i64', shape: [count] });
  writer.op('Squeeze', [found, writer.constant('i64', [1], [0])], wide);
  lowerTo(ctx, node, 'Cast', { inputs: [wide], attrs: { to: { int: ELEM_TYPE.i32 } } });
};
