import { addDims, axisOf, type Dim, type ops, sameDim } from '@casement/ir';
import { type Context, type Lower, lowerTo, operand } from '../context.ts';
import { TO_THE_END } from '../enums.ts';
import type { Tensor } from '../graphWriter.ts';

export const slice: Lower<typeof ops.slice> = (ctx, node, { axis, start, size }) => {
  const x = ctx.values.plain(operand(node, 0));
  const at = axisOf(axis, x.type.shape.length);
  const { from, to } = bounds(ctx, x.type.shape[at] ?? 0, start, size);
  const inputs = [x, from, to, ctx.writer.constant('i64', [1], [at])];
  lowerTo(ctx, node, 'Slice', { inputs, dtype: x.type.dtype });
};

/** Numbers where they suffice: a slice that reaches the end needs no computed size (`x[-1:]`, the last row). */
function bounds({ dims, writer }: Context, full: Dim, start: Dim, size: Dim): { from: Tensor; to: Tensor } {
  const number = (value: number) => writer.constant('i64', [1], [value]);
  const end = addDims(start, size);
  if (!sameDim(end, full)) return { from: dims.size(start), to: dims.size(end) };
  const fromEnd = typeof start !== 'number' && typeof size === 'number' && size > 0;
  return { from: fromEnd ? number(-size) : dims.size(start), to: number(TO_THE_END) };
}
