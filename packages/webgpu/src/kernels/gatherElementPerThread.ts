import type { Dim } from '@casement/ir';
import type { Piece } from '../lowering.ts';
import { countOf, type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

export interface GatherSite {
  /** The table, or some of its rows: then only what they fill of y is written. */
  readonly table: Piece;
  readonly indices: Operand;
  readonly y: Operand;
  readonly axis: number;
  /** Rows of the whole table. */
  readonly rows: Dim;
}

/** y = slices of a table along an axis, one thread per element of y. Indices outside the table count as its ends. */
export function gatherElementPerThread({ table, indices, y, axis, rows }: GatherSite): KernelCall {
  const kernel = new KernelBuilder(
    'gatherElementPerThread',
    `y = slices of table along axis ${axis} by indices, one thread per element of y.`,
  );
  const load = kernel.read('table', table.operand);
  const loadIndex = kernel.read('indices', indices);
  const store = kernel.write('y', y);
  const { outer, inner } = splitAt(table.operand.type.shape, axis);
  const [picked, width, own] = [wgslSize(countOf(indices)), wgslSize(inner), wgslSize(table.rows)];
  const whole = table.rows === rows;
  return kernel.perThread(
    [outer, countOf(indices), inner],
    [
      `let picked = ${loadIndex(`(i / ${width}) % ${picked}`)};`,
      `let row = min(u32(max(picked, 0)), ${wgslSize(rows)} - 1u);`,
      ...(whole
        ? []
        : [
            `if (row < ${table.first}u || row - ${table.first}u >= ${own}) {`,
            '  return; // another piece holds it',
            '}',
          ]),
      `let block = i / (${picked} * ${width});`,
      `let source = (block * ${own} + row${whole ? '' : ` - ${table.first}u`}) * ${width} + i % ${width};`,
      store('i', load('source')),
    ],
  );
}
