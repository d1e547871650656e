import { addDims, sameDim } from '../dim.ts';
import { arity, axisOf, dimAt, inputAt, requireRank, requireSameDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { printType } from '../types.ts';
import { concatTensors } from './concat.ts';

type AppendAttrs = { readonly axis: number };

export const append: CoreOp<AppendAttrs> & { readonly name: 'append' } = {
  kind: 'core',
  name: 'append',
  summary: 'The next version of a state: its elements, then x, along the growing axis',
  updatesState: true,
  infer(inputs, { axis }) {
    arity(inputs, 2);
    const [state, x] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    requireSameDType(state, x);
    requireRank(x, state.shape.length, 'what is appended');
    const at = axisOf(axis, state.shape.length);
    if (state.shape.some((dim, i) => i !== at && !sameDim(dim, dimAt(x.shape, i)))) {
      throw new TypeError(`${printType(x)} does not fit the state ${printType(state)} outside axis ${axis}`);
    }
    const grown = addDims(dimAt(state.shape, at), dimAt(x.shape, at));
    return [{ dtype: state.dtype, shape: state.shape.map((dim, i) => (i === at ? grown : dim)) }];
  },
  reference(inputs, { axis }, outputs) {
    const { dtype, shape } = inputAt(outputs, 0);
    return [concatTensors(inputs, axisOf(axis, shape.length), dtype, shape)];
  },
  // A state cannot be an input of a lone node; conformance tests states with programs.
  samples: [],
};
