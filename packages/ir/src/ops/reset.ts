import { arity, axisOf, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

type ResetAttrs = { readonly axis: number };

export const reset: CoreOp<ResetAttrs> & { readonly name: 'reset' } = {
  kind: 'core',
  name: 'reset',
  summary: 'The next version of a state: empty along the growing axis',
  updatesState: true,
  infer(inputs, { axis }) {
    arity(inputs, 1);
    const state = inputAt(inputs, 0);
    const at = axisOf(axis, state.shape.length);
    return [{ dtype: state.dtype, shape: state.shape.map((dim, i) => (i === at ? 0 : dim)) }];
  },
  reference(_inputs, _attrs, outputs) {
    const { dtype, shape } = inputAt(outputs, 0);
    return [makeTensor(dtype, shape, () => 0)];
  },
  // A state cannot be an input of a lone node; conformance tests states with programs.
  samples: [],
};
