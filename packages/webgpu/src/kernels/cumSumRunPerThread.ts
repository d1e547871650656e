import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { storageInfo } from '../storage.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** y = the sum of each element of x and all before it along an axis; one thread per run. */
export function cumSumRunPerThread(x: Operand, y: Operand, axis: number): KernelCall {
  const kernel = new KernelBuilder(
    'cumSumRunPerThread',
    `y = running sums of x along axis ${axis}, one thread per run.`,
  );
  const { outer, size, inner } = splitAt(x.type.shape, axis);
  const [count, stride] = [wgslSize(size), wgslSize(inner)];
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const zero = storageInfo(x.storage).register === 'f32' ? '0.0' : '0';
  return kernel.perThread(
    [outer, inner],
    [
      `let start = i / ${stride} * ${count} * ${stride} + i % ${stride};`,
      '// What a block adds is summed up by itself, so that the rounding error does not grow with the run.',
      `var before = ${zero};`,
      `for (var block = 0u; block < ${count}; block += 32u) {`,
      `  var part = ${zero};`,
      `  for (var j = block; j < min(block + 32u, ${count}); j++) {`,
      `    part += ${load(`start + j * ${stride}`)};`,
      `    ${store(`start + j * ${stride}`, 'before + part')}`,
      '  }',
      '  before += part;',
      '}',
    ],
  );
}
