import { rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { describeBlocks } from '../storedWeight.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { readRows } from '../wgsl/rowReader.ts';
import { numberedColumns, PRODUCT_THREADS, SharedProduct, storeElements, TILE } from '../wgsl/sharedProduct.ts';
import { readWeight } from '../wgsl/weightReader.ts';
import type { LinearSite } from './linearBlockPerThread.ts';

/**
 * y = x·Wᵀ (+ bias), by tiles in memory that a workgroup shares. Needs a weight that is read in steps of 4 columns, in
 * blocks (if it is quantised) of 4 or more.
 */
export function linearSharedTiles({ x, weight, bias, y }: LinearSite): KernelCall {
  const kernel = new KernelBuilder(
    'linearSharedTiles',
    `y = x·weightᵀ${bias ? ' + bias' : ''}, ${TILE} rows and columns of y per workgroup.` +
      `${weight.quantized ? ` Weights of ${describeBlocks(weight)}.` : ''}`,
  );
  // Behind the end of a row x is zero, so that it does not matter which (finite) numbers of the weight are read there.
  const loadX = readRows(kernel, 'x', x);
  const reader = readWeight(kernel, 'weight', weight, 4);
  const loadBias = bias && kernel.read('bias', bias);
  const store = kernel.write('y', y);
  const outSize = wgslSize(y.type.shape.at(-1) ?? 1);
  const column = weight.first === 0 ? 'column' : `${weight.first}u + column`;
  const scaled = reader.quantized ? 'head.x * ' : '';
  const [rows, columns] = [wgslSize(rowsOf(y)), wgslSize(weight.rows)];
  const product = new SharedProduct({
    rows,
    quads: reader.steps,
    loadA: (row, quad) => loadX(row, quad),
    right: numberedColumns(columns, (row, quad) => `weightQuad(${row}, ${quad})`),
    finish: storeElements({
      rows,
      columns,
      perColumn: loadBias ? [`let bias = ${loadBias(column)};`] : [],
      store: (row, value) => [store(`${row} * ${outSize} + ${column}`, `${value}${loadBias ? ' + bias' : ''}`)],
    }),
  });
  kernel.helper(`
fn weightQuad(row: u32, quad: u32) -> vec4f {
${reader.quantized ? `  let head = ${reader.head('row', `quad / ${reader.blockSteps}`)};\n` : ''}  return ${scaled}${reader.step('row', 'quad', 'head')};
}`);
  return kernel.perTile(
    { grid: [weight.rows, rowsOf(y)], tile: [TILE, TILE], threads: PRODUCT_THREADS, shared: product.shared },
    product.body,
  );
}
