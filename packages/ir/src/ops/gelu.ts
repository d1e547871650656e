import { scalar } from '../expand.ts';
import { arity, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { add } from './add.ts';
import { erf } from './erf.ts';
import { mul } from './mul.ts';
import { tanh } from './tanh.ts';

type GeluAttrs = { readonly approximate: 'none' | 'tanh' };

export const gelu: CompositeOp<GeluAttrs> & { readonly name: 'gelu' } = {
  kind: 'composite',
  name: 'gelu',
  summary: 'x·Φ(x), by erf or by the tanh formula (Hendrycks & Gimpel, arXiv 1606.08415)',
  infer(inputs, { approximate }) {
    arity(inputs, 1);
    requireFloat(...inputs);
    if (approximate !== 'none' && approximate !== 'tanh') throw new TypeError(`unknown approximation "${approximate}"`);
    return [inputAt(inputs, 0)];
  },
  expand(emit, inputs, { approximate }) {
    const x = inputAt(inputs, 0);
    const number = (value: number) => scalar(emit, x.type.dtype, value);
    const inner = () => {
      if (approximate === 'none') return emit(erf, [emit(mul, [x, number(Math.SQRT1_2)], {})], {});
      const cube = emit(mul, [emit(mul, [x, x], {}), x], {});
      const sum = emit(add, [x, emit(mul, [cube, number(0.044715)], {})], {});
      return emit(tanh, [emit(mul, [sum, number(Math.sqrt(2 / Math.PI))], {})], {});
    };
    const half = emit(mul, [x, number(0.5)], {});
    return [emit(mul, [half, emit(add, [inner(), number(1)], {})], {})];
  },
  samples: [
    { name: 'erf', inputs: [{ type: 'f32[3 5]' }], attrs: { approximate: 'none' } },
    { name: 'tanh', inputs: [{ type: 'f32[3 5]' }], attrs: { approximate: 'tanh' } },
  ],
};
