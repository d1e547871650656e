import { axisOf, type ops, sameDim } from '@casement/ir';
import { type Lower, lowerTo, operand, resultOf } from '../context.ts';

/** `GatherElements` takes an index for each element, so indices that hold for several are repeated. */
export const gatherAlong: Lower<typeof ops.gatherAlong> = (ctx, node, { axis }) => {
  const { writer, values, dims } = ctx;
  const [x, indices, { type }] = [operand(node, 0), values.plain(operand(node, 1)), resultOf(node)];
  const own = indices.type.shape;
  const isWhole = type.shape.every((dim, i) => sameDim(dim, own[i] ?? -1));
  const repeated = () => {
    // `Expand` takes 1 for a size that stays.
    const target = type.shape.map((dim, i) => (sameDim(dim, own[i] ?? 1) ? 1 : dim));
    const result = writer.fresh(`${indices.name}.repeated`, { dtype: indices.type.dtype, shape: type.shape });
    return writer.op('Expand', [indices, dims.vector(target)], result);
  };
  const inputs = [values.plain(x), isWhole ? indices : repeated()];
  lowerTo(ctx, node, 'GatherElements', { inputs, attrs: { axis: { int: axisOf(axis, type.shape.length) } } });
};
