import { type Operand, rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import { sumOf } from './reduce.ts';

export interface LayerNormSite {
  readonly x: Operand;
  readonly weight: Operand;
  readonly bias: Operand;
  readonly y: Operand;
  readonly eps: number;
}

/** y = (x − mean)/√(variance + eps)·weight + bias over the last axis, one thread per row. */
export function layerNormRowPerThread({ x, weight, bias, y, eps }: LayerNormSite): KernelCall {
  const kernel = new KernelBuilder(
    'layerNormRowPerThread',
    'y = (x - mean) / sqrt(variance + eps) · weight + bias, one thread per row.',
  );
  const load = kernel.read('x', x);
  const loadWeight = kernel.read('weight', weight);
  const loadBias = kernel.read('bias', bias);
  const store = kernel.write('y', y);
  const size = wgslSize(x.type.shape.at(-1) ?? 1);
  const centred = (j: string) => `(${load(`start + ${j}`)} - mean)`;
  kernel.helper(['fn square(x: f32) -> f32 {', '  return x * x;', '}'].join('\n'));
  return kernel.perThread(
    [rowsOf(x)],
    [
      `let start = i * ${size};`,
      'var mean = 0.0;',
      '{',
      indent(sumOf(size, (j) => load(`start + ${j}`))),
      `  mean = total / f32(${size});`,
      '}',
      ...sumOf(size, (j) => `square(${centred(j)})`),
      `let scale = 1.0 / sqrt(total / f32(${size}) + ${wgslFloat(eps)});`,
      `for (var j = 0u; j < ${size}; j++) {`,
      `  ${store('start + j', `${centred('j')} * scale * ${loadWeight('j')} + ${loadBias('j')}`)}`,
      '}',
    ],
  );
}
