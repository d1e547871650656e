import { productDims } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex, stretchedIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { numberedColumns, PRODUCT_THREADS, SharedProduct, storeElements, TILE } from '../wgsl/sharedProduct.ts';
import type { MatmulSite } from './matmulElementPerThread.ts';

/** y = a·b with broadcast leading axes, by tiles in memory that a workgroup shares. Any strides. */
export function matmulSharedTiles({ a, b, y }: MatmulSite): KernelCall {
  const kernel = new KernelBuilder('matmulSharedTiles', `y = a·b, ${TILE} rows and columns of y per workgroup.`);
  const [loadA, loadB] = [kernel.read('a', a), kernel.read('b', b)];
  const store = kernel.write('y', y);
  const { shape } = y.type;
  const batch = shape.slice(0, -2);
  const [m = 1, n = 1] = shape.slice(-2);
  const [rows, columns] = [wgslSize(m), wgslSize(n)];
  const depth = wgslSize(a.type.shape.at(-1) ?? 1);
  const { define, at } = coordinates('group.z', batch);
  const quad = (name: string, load: (index: string) => string, index: (k: string) => string) => {
    const lanes = [0, 1, 2, 3].map((lane) => load(index(`min(k.${'xyzw'[lane]}, ${depth} - 1u)`)));
    kernel.helper(`
// Zero behind the end.
fn ${name}Quad(base: u32, line: u32, quad: u32) -> vec4f {
  let k = 4u * quad + vec4u(0u, 1u, 2u, 3u);
  return select(vec4f(), vec4f(${lanes.join(', ')}), k < vec4u(${depth}));
}`);
  };
  quad('a', loadA, (k) => `base + ${placeOf(a, 'line', k)}`);
  quad('b', loadB, (k) => `base + ${placeOf(b, k, 'line')}`);
  const product = new SharedProduct({
    rows,
    quads: `((${depth} + 3u) / 4u)`,
    loadA: (row, at) => `aQuad(fromA, ${row}, ${at})`,
    right: numberedColumns(columns, (column, at) => `bQuad(fromB, ${column}, ${at})`),
    finish: storeElements({
      rows,
      columns,
      perColumn: [],
      store: (row, value) => [store(`(group.z * ${rows} + ${row}) * ${columns} + column`, value)],
    }),
  });
  return kernel.perTile(
    { grid: [n, m, productDims(batch)], tile: [TILE, TILE, 1], threads: PRODUCT_THREADS, shared: product.shared },
    [...define, `let fromA = ${startOf(a, at)};`, `let fromB = ${startOf(b, at)};`, ...product.body],
  );
}

/** Where an element lies in its matrix. */
function placeOf(operand: Operand, row: string, column: string): string {
  return flatIndex([row, column], stridesOf(operand).slice(-2));
}

/** Where the matrix begins that an operand adds to the results at `at`, coordinates of the leading axes. */
function startOf(operand: Operand, at: readonly string[]): string {
  const count = operand.type.shape.length - 2;
  const [shape, strides] = [operand.type.shape.slice(0, count), stridesOf(operand).slice(0, count)];
  return stretchedIndex(at.slice(at.length - count), shape, strides);
}
