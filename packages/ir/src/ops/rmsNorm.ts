import { castTo, scalar } from '../expand.ts';
import { arity, dimAt, inputAt, requireFloat, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { add } from './add.ts';
import { mul } from './mul.ts';
import { reduceMean } from './reduceMean.ts';
import { rsqrt } from './rsqrt.ts';

/** `scaleInF32`: multiply by the weight before casting back (Helium-preview), else after (Llama, Qwen). */
type RmsNormAttrs = { readonly eps: number; readonly scaleInF32: boolean };

export const rmsNorm: CompositeOp<RmsNormAttrs> & { readonly name: 'rmsNorm' } = {
  kind: 'composite',
  name: 'rmsNorm',
  summary: 'x/√(mean x² + eps)·w over the last axis, in f32 (Zhang & Sennrich, arXiv 1910.07467)',
  infer(inputs) {
    arity(inputs, 2);
    requireFloat(...inputs);
    requireSameDType(...inputs);
    const x = inputAt(inputs, 0);
    requireShape(inputAt(inputs, 1), [dimAt(x.shape, x.shape.length - 1)], 'the weight');
    return [x];
  },
  expand(emit, inputs, { eps, scaleInF32 }) {
    const [x, weight] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const x32 = castTo(emit, x, 'f32');
    const square = emit(reduceMean, [emit(mul, [x32, x32], {})], { axis: -1, keepDims: true });
    const unit = emit(mul, [x32, emit(rsqrt, [emit(add, [square, scalar(emit, 'f32', eps)], {})], {})], {});
    if (!scaleInF32) return [emit(mul, [castTo(emit, unit, x.type.dtype), weight], {})];
    return [castTo(emit, emit(mul, [unit, castTo(emit, weight, 'f32')], {}), x.type.dtype)];
  },
  samples: [
    {
      name: 'rows',
      inputs: [{ type: 'f32[2 3 10]' }, { type: 'f32[10]' }],
      attrs: { eps: 1e-6, scaleInF32: false },
    },
    {
      name: 'zeros',
      inputs: [{ type: 'f32[1 4]', values: [0, 0, 0, 0] }, { type: 'f32[4]' }],
      attrs: { eps: 1e-8, scaleInF32: true },
    },
  ],
};
