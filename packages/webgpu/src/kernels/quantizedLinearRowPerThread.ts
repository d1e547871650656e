import { type Operand, rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { describeBlocks, type StoredWeight } from '../storedWeight.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { readRows } from '../wgsl/rowReader.ts';
import { readWeight } from '../wgsl/weightReader.ts';

export interface QuantizedLinearSite {
  readonly x: Operand;
  /** All rows of the weight, or some of them: then only their columns of y are written. */
  readonly weight: StoredWeight;
  readonly bias: Operand | undefined;
  readonly y: Operand;
}

/**
 * y = x·Wᵀ (+ bias), W quantised by blocks: each thread multiplies one row of the weight with one row of x, 8 columns at
 * a time; a block's sum is scaled once. No barriers.
 */
export function quantizedLinearRowPerThread({ x, weight, bias, y }: QuantizedLinearSite): KernelCall {
  const kernel = new KernelBuilder(
    'quantizedLinearRowPerThread',
    `y = x·weightᵀ${bias ? ' + bias' : ''}, weights of ${describeBlocks(weight)}, one thread per element of y.`,
  );
  const loadX = readRows(kernel, 'x', x);
  const reader = readWeight(kernel, 'weight', weight, 8);
  const loadBias = bias && kernel.read('bias', bias);
  const store = kernel.write('y', y);
  const outSize = y.type.shape.at(-1) ?? 1;
  const column = weight.first === 0 ? 'own' : `${weight.first}u + own`;
  const rows = wgslSize(weight.rows);
  return kernel.perThread(
    [rowsOf(y), weight.rows],
    [
      `let own = i % ${rows};`,
      `let row = i / ${rows};`,
      'var sum = 0.0;',
      `for (var block = 0u; block < ${reader.blocks}; block++) {`,
      `  let head = ${reader.head('own', 'block')};`,
      `  let end = min((block + 1u) * ${reader.blockSteps}, ${reader.steps});`,
      '  var part = vec4f();',
      `  for (var step = block * ${reader.blockSteps}; step < end; step++) {`,
      `    let weights = ${reader.step('own', 'step', 'head')};`,
      `    part += ${loadX('row', '2u * step')} * weights[0] + ${loadX('row', '2u * step + 1u')} * weights[1];`,
      '  }',
      '  sum += head.x * ((part.x + part.y) + (part.z + part.w));',
      '}',
      store(`row * ${wgslSize(outSize)} + ${column}`, `sum${loadBias ? ` + ${loadBias(column)}` : ''}`),
    ],
  );
}
