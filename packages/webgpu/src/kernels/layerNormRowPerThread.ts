import { type Operand, rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import { sumOf } from './reduceRunPerThread.ts';

export interface LayerNormSite {
  readonly x: Operand;
  readonly affine: { readonly weight: Operand; readonly bias: Operand } | undefined;
  readonly y: Operand;
  readonly eps: number;
}

/** y = (x − mean)/√(variance + eps)[·weight + bias] over the last axis, one thread per row. */
export function layerNormRowPerThread({ x, affine, y, eps }: LayerNormSite): KernelCall {
  const kernel = new KernelBuilder(
    'layerNormRowPerThread',
    `y = (x - mean) / sqrt(variance + eps)${affine ? ' · weight + bias' : ''}, one thread per row.`,
  );
  const load = kernel.read('x', x);
  const loadWeight = affine && kernel.read('weight', affine.weight);
  const loadBias = affine && kernel.read('bias', affine.bias);
  const store = kernel.write('y', y);
  const size = wgslSize(x.type.shape.at(-1) ?? 1);
  const scaled = (unit: string) => (loadWeight && loadBias ? `${unit} * ${loadWeight('j')} + ${loadBias('j')}` : unit);
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
      `  ${store('start + j', scaled(`${centred('j')} * scale`))}`,
      '}',
    ],
  );
}
