import { axisOf, type ops, subDims, type TensorType } from '@casement/ir';
import { encodeValues } from '../bytes.ts';
import { type Context, type Lower, operand, resultOf } from '../context.ts';
import type { Tensor } from '../graphWriter.ts';
import { inlineTensor } from '../proto.ts';
import { writeInPlace } from './writeInPlace.ts';

/** Nothing is computed yet: attention appends and reads in one node, and a state that was emptied needs no past. */
export const append: Lower<typeof ops.append> = (ctx, node, { axis }) => {
  const { states, values, writer } = ctx;
  const [base, x, result] = [operand(node, 0), operand(node, 1), resultOf(node)];
  const layout = states.layoutOf(result);
  const { form, perm } = layout;
  states.setVersion(result, { kind: 'appended', base, x });
  values.define(result, form, () => {
    const type = states.typeOf(result);
    const name = () => values.nameOf(result, form);
    if (states.versionOf(base).kind === 'empty') {
      if (ctx.fused.preallocated.has(states.dimOf(result))) return filledUp(ctx, values.get(x, form), type, name());
      const alreadyThere = form === 'plain' || values.isMade(x, form);
      return alreadyThere ? values.get(x, form) : values.transpose(values.plain(x), perm, name());
    }
    if (ctx.fused.preallocated.has(states.dimOf(result))) return writeInPlace(ctx, node);
    const along = perm.indexOf(axisOf(axis, perm.length));
    const parts = [values.get(base, form), values.get(x, form)];
    return writer.op('Concat', parts, { name: name(), type }, { attrs: { axis: { int: along } } });
  });
};

/** Rows [batch heads rows size] with zeros behind them, up to the capacity. */
function filledUp({ dims, writer, once }: Context, rows: Tensor, type: TensorType, name: string): Tensor {
  const [, , held = 0] = rows.type.shape;
  const rest = type.shape.map((size, axis) => (axis === 2 ? subDims(size, held) : size));
  const zeros = once(`zeros ${type.dtype} ${rest.join(' ')}`, () => {
    const zero = inlineTensor('', type.dtype, [1], encodeValues(type.dtype, [0]));
    const result = writer.fresh('unused_rows', { dtype: type.dtype, shape: rest });
    return writer.op('ConstantOfShape', [dims.vector(rest)], result, { attrs: { value: { tensor: zero } } });
  });
  return writer.op('Concat', [rows, zeros], { name, type }, { attrs: { axis: { int: 2 } } });
}

export const reset: Lower<typeof ops.reset> = (ctx, node) => {
  const { states, values, writer, dims } = ctx;
  const result = resultOf(node);
  const layout = states.layoutOf(result);
  states.setVersion(result, { kind: 'empty' });
  values.define(result, layout.form, () => {
    const type = states.typeOf(result);
    const zero = inlineTensor('', type.dtype, [1], encodeValues(type.dtype, [0]));
    const name = values.nameOf(result, layout.form);
    return writer.op(
      'ConstantOfShape',
      [dims.vector(type.shape)],
      { name, type },
      { attrs: { value: { tensor: zero } } },
    );
  });
};
