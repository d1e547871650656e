import { axisOf, type ops } from '@casement/ir';
import { type Lower, lowerTo, operand, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

/** `TopK` breaks ties by the lower index in both directions. Its values are not needed, its indices are int64. */
export const argSort: Lower<typeof ops.argSort> = (ctx, node, { axis, descending, count }) => {
  const { writer, values, dims } = ctx;
  const x = operand(node, 0);
  const { name, type } = resultOf(node);
  const sorted = writer.fresh(`${name}.values`, { dtype: x.type.dtype, shape: type.shape });
  const wide = writer.fresh(`${name}.wide`, { dtype: 'i64', shape: type.shape });
  const attrs = { axis: { int: axisOf(axis, x.type.shape.length) }, largest: { int: descending ? 1 : 0 } };
  writer.node('TopK', [values.plain(x), dims.size(count)], [sorted, wide], { attrs });
  lowerTo(ctx, node, 'Cast', { inputs: [wide], attrs: { to: { int: ELEM_TYPE.i32 } } });
};
