import { type DType, isDType } from '../dtype.ts';
import { arity } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { elementCount, type HostTensor, tensorOf } from '../tensor.ts';

type ConstantAttrs = { readonly dtype: DType; readonly shape: readonly number[]; readonly values: readonly number[] };

export const constant: CoreOp<ConstantAttrs> & { readonly name: 'constant' } = {
  kind: 'core',
  name: 'constant',
  summary: 'A tensor of given values, row-major',
  infer(inputs, { dtype, shape, values }) {
    arity(inputs, 0);
    if (!isDType(dtype)) throw new TypeError(`unknown dtype "${dtype}"`);
    if (values.length !== elementCount(shape)) {
      throw new TypeError(`${values.length} values given for shape [${shape.join(' ')}]`);
    }
    return [{ dtype, shape }];
  },
  reference(_inputs, { dtype, shape, values }) {
    return [tensorOf(dtype, shape, values)];
  },
  samples: [
    { name: 'floats', inputs: [], attrs: { dtype: 'f32', shape: [2, 2], values: [0.1, -2, 3e-8, 65504] } },
    { name: 'scalar', inputs: [], attrs: { dtype: 'i32', shape: [], values: [-7] } },
    { name: 'bools', inputs: [], attrs: { dtype: 'bool', shape: [3], values: [1, 0, 1] } },
  ],
};

/** Attributes of a constant that holds a tensor. */
export function constantAttrs(tensor: HostTensor): ConstantAttrs {
  return { dtype: tensor.dtype, shape: tensor.shape, values: Array.from(tensor.data) };
}
