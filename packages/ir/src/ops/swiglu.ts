import type { NoAttrs } from '../elementwise.ts';
import { arity, inputAt, requireFloat, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { mul } from './mul.ts';
import { silu } from './silu.ts';

export const swiglu: CompositeOp<NoAttrs> & { readonly name: 'swiglu' } = {
  kind: 'composite',
  name: 'swiglu',
  summary: 'silu(gate)·up, element by element (Shazeer, arXiv 2002.05202)',
  infer(inputs) {
    arity(inputs, 2);
    requireFloat(...inputs);
    requireSameDType(...inputs);
    const gate = inputAt(inputs, 0);
    requireShape(inputAt(inputs, 1), gate.shape, 'up');
    return [gate];
  },
  expand(emit, inputs) {
    const [gate, up] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    return [emit(mul, [emit(silu, [gate], {}), up], {})];
  },
  samples: [{ name: 'matrix', inputs: [{ type: 'f32[3 5]' }, { type: 'f32[3 5]' }], attrs: {} }],
};
