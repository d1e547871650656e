import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { sumOf } from './reduceRunPerThread.ts';

/** y = e^x / Σ e^x along an axis, shifted by the maximum; one thread per run. */
export function softmaxRunPerThread(x: Operand, y: Operand, axis: number): KernelCall {
  const kernel = new KernelBuilder('softmaxRunPerThread', `y = softmax of x along axis ${axis}, one thread per run.`);
  const { outer, size, inner } = splitAt(x.type.shape, axis);
  const [count, stride] = [wgslSize(size), wgslSize(inner)];
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const weight = (j: string) => `exp(max(${load(`start + ${j} * ${stride}`)} - top, -80.0))`;
  return kernel.perThread(
    [outer, inner],
    [
      `let start = i / ${stride} * ${count} * ${stride} + i % ${stride};`,
      `var top = -3.0e38;`,
      `for (var j = 0u; j < ${count}; j++) {`,
      `  top = max(top, ${load(`start + j * ${stride}`)});`,
      '}',
      ...sumOf(count, weight),
      `for (var j = 0u; j < ${count}; j++) {`,
      `  ${store(`start + j * ${stride}`, `${weight('j')} / total`)}`,
      '}',
    ],
  );
}
