import type { Dim } from '@casement/ir';
import { countOf, type Operand } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { describeBlocks, type StoredWeight } from '../storedWeight.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { readWeight } from '../wgsl/weightReader.ts';

export interface QuantizedGatherSite {
  /** The table, or some of its rows: then only what they fill of y is written. */
  readonly table: StoredWeight;
  readonly indices: Operand;
  readonly y: Operand;
  /** Rows of the whole table. */
  readonly rows: Dim;
}

/**
 * y = rows of a quantised table by indices: each thread makes 8 columns of y. Indices outside the table count as its
 * ends.
 */
export function quantizedGatherStepPerThread({ table, indices, y, rows }: QuantizedGatherSite): KernelCall {
  const kernel = new KernelBuilder(
    'quantizedGatherStepPerThread',
    `y = rows of table by indices, ${describeBlocks(table)}, one thread for 8 columns of y.`,
  );
  const reader = readWeight(kernel, 'table', table, 8);
  const loadIndex = kernel.read('indices', indices);
  const store = kernel.write('y', y);
  const whole = table.rows === rows;
  const columns = Number(table.columns); // quantised weights have fixed sizes
  return kernel.perThread(
    [countOf(indices), Math.ceil(columns / 8)],
    [
      `let step = i % ${reader.steps};`,
      `let picked = i / ${reader.steps};`,
      `let row = min(u32(max(${loadIndex('picked')}, 0)), ${wgslSize(rows)} - 1u);`,
      ...(whole
        ? []
        : [
            `if (row < ${table.first}u || row - ${table.first}u >= ${wgslSize(table.rows)}) {`,
            '  return; // another piece holds it',
            '}',
          ]),
      `let own = row${whole ? '' : ` - ${table.first}u`};`,
      `let head = ${reader.head('own', `step / ${reader.blockSteps}`)};`,
      `var weights = ${reader.step('own', 'step', 'head')};`,
      `let end = min(8u, ${columns}u - 8u * step);`,
      'for (var c = 0u; c < end; c++) {',
      `  ${store(`picked * ${columns}u + 8u * step + c`, 'head.x * weights[c / 4u][c % 4u]')}`,
      '}',
    ],
  );
}
