import { axisOf, type ops } from '@casement/ir';
import { encodeValues } from '../bytes.ts';
import { type Lower, operand, resultOf } from '../context.ts';
import { inlineTensor } from '../proto.ts';
import { permuted } from '../states.ts';

/** Nothing is computed yet: attention appends and reads in one node, and a state that was emptied needs no past. */
export const append: Lower<typeof ops.append> = (ctx, node, { axis }) => {
  const { states, values, writer } = ctx;
  const [base, x, result] = [operand(node, 0), operand(node, 1), resultOf(node)];
  const layout = states.layoutOf(result);
  const { form, perm } = layout;
  states.setVersion(result, { kind: 'appended', base, x });
  values.define(result, form, () => {
    const type = { dtype: result.type.dtype, shape: permuted(result.type.shape, layout) };
    const name = () => values.nameOf(result, form);
    if (states.versionOf(base).kind === 'empty') {
      const alreadyThere = form === 'plain' || values.isMade(x, form);
      return alreadyThere ? values.get(x, form) : values.transpose(values.plain(x), perm, name());
    }
    const along = perm.indexOf(axisOf(axis, perm.length));
    const parts = [values.get(base, form), values.get(x, form)];
    return writer.op('Concat', parts, { name: name(), type }, { attrs: { axis: { int: along } } });
  });
};

export const reset: Lower<typeof ops.reset> = (ctx, node) => {
  const { states, values, writer, dims } = ctx;
  const result = resultOf(node);
  const layout = states.layoutOf(result);
  states.setVersion(result, { kind: 'empty' });
  values.define(result, layout.form, () => {
    const type = { dtype: result.type.dtype, shape: permuted(result.type.shape, layout) };
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
