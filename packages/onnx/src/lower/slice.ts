import { addDims, axisOf, type Dim, type Node, type ops, sameDim, type Value } from '@casement/ir';
import { type Context, type Lower, lowerTo, operand, resultOf } from '../context.ts';
import { TO_THE_END } from '../enums.ts';
import type { Tiles } from '../fuse/tiles.ts';
import type { Tensor } from '../graphWriter.ts';

export const slice: Lower<typeof ops.slice> = (ctx, node, { axis, start, size }) => {
  const source = operand(node, 0);
  const tiles = ctx.fused.tiles.get(source);
  if (tiles?.slices.includes(node)) {
    // Only when somebody reads one: what takes the whole may need none.
    ctx.values.define(resultOf(node), 'plain', () => splitInto(ctx, source, tiles, node));
    return;
  }
  const x = ctx.values.plain(operand(node, 0));
  const at = axisOf(axis, x.type.shape.length);
  const { from, to } = bounds(ctx, x.type.shape[at] ?? 0, start, size);
  const inputs = [x, from, to, ctx.writer.constant('i64', [1], [at])];
  lowerTo(ctx, node, 'Slice', { inputs, dtype: x.type.dtype });
};

/** Computes all parts of a value in one node, and gives the one that is asked for. */
function splitInto(ctx: Context, source: Value, { axis, slices, sizes }: Tiles, asked: Node): Tensor {
  const { writer, values, once } = ctx;
  const parts = once(`parts of ${source.kind} ${source.name}`, () => {
    const x = values.plain(source);
    const results = slices.map((node): Tensor => {
      const part = resultOf(node);
      return { name: values.nameOf(part, 'plain'), type: { dtype: x.type.dtype, shape: part.type.shape } };
    });
    const lengths = writer.constant('i64', [sizes.length], sizes);
    writer.node('Split', [x, lengths], results, { attrs: { axis: { int: axis } } });
    return results;
  });
  const part = parts[slices.indexOf(asked)];
  if (part === undefined) throw new RangeError(`"${resultOf(asked).name}" is no part of "${source.name}"`);
  return part;
}

/** Numbers where they suffice: a slice that reaches the end needs no computed size (`x[-1:]`, the last row). */
function bounds({ dims, writer }: Context, full: Dim, start: Dim, size: Dim): { from: Tensor; to: Tensor } {
  const number = (value: number) => writer.constant('i64', [1], [value]);
  const end = addDims(start, size);
  if (!sameDim(end, full)) return { from: dims.size(start), to: dims.size(end) };
  const fromEnd = typeof start !== 'number' && typeof size === 'number' && size > 0;
  return { from: fromEnd ? number(-size) : dims.size(start), to: number(TO_THE_END) };
}
