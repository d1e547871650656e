import { rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import type { Width } from '../wgsl/access.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { exactGroups, lanesOf } from '../wgsl/lanes.ts';
import type { LinearSite } from './linearBlockPerThread.ts';

/**
 * y = x·Wᵀ (+ bias): each thread multiplies one row of the weight with one row of x. Width 4 needs rows of a multiple
 * of 4 elements.
 */
export function linearRowPerThread({ x, weight, bias, y }: LinearSite, width: Width): KernelCall {
  const lanes = lanesOf(width);
  const kernel = new KernelBuilder(
    'linearRowPerThread',
    `y = x·weightᵀ${bias ? ' + bias' : ''}, one thread per element of y, ${width} products at a time.`,
  );
  const loadX = kernel.read('x', x, width);
  const loadWeight = kernel.read('weight', weight.numbers, width);
  const loadBias = bias && kernel.read('bias', bias);
  const store = kernel.write('y', y);
  const steps = wgslSize(exactGroups(weight.columns, width));
  const outSize = y.type.shape.at(-1) ?? 1;
  const column = weight.first === 0 ? 'own' : `${weight.first}u + own`;
  return kernel.perThread(
    [rowsOf(y), weight.rows],
    [
      `let own = i % ${wgslSize(weight.rows)};`,
      `let row = i / ${wgslSize(weight.rows)};`,
      `var sum = ${lanes.zero};`,
      `for (var k = 0u; k < ${steps}; k++) {`,
      `  sum += ${loadX(`row * ${steps} + k`)} * ${loadWeight(`own * ${steps} + k`)};`,
      '}',
      store(`row * ${wgslSize(outSize)} + ${column}`, lanes.total('sum') + (loadBias ? ` + ${loadBias(column)}` : '')),
    ],
  );
}
