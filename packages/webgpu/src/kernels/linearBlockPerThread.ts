import { type Operand, rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { describeBlocks, type StoredWeight } from '../storedWeight.ts';
import { indent } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { readRows } from '../wgsl/rowReader.ts';
import { readWeight } from '../wgsl/weightReader.ts';

export interface LinearSite {
  readonly x: Operand;
  /** All rows of the weight, or some of them: then only their columns of y are written. */
  readonly weight: StoredWeight;
  readonly bias: Operand | undefined;
  readonly y: Operand;
}

export interface BlockShape {
  /** Rows of x that a thread takes: a multiple of 4. */
  readonly rows: number;
  /** Whether four neighbouring threads read the rows of x together and pass them on. */
  readonly quads: boolean;
}

/** Rows of the weight that a thread takes: the columns of y that make a vector. */
const COLUMNS = 4;
const THREADS = 32;

/**
 * y = x·Wᵀ (+ bias), each thread a block of y, without barriers. Needs a weight that is read in steps of 4 columns.
 * In a quad, thread t reads rows t, t + 4, … of x, and every thread gets them all from its neighbours; it needs subgroups
 * of at least four threads, in which the threads of a workgroup follow one another.
 */
export function linearBlockPerThread({ x, weight, bias, y }: LinearSite, { rows, quads }: BlockShape): KernelCall {
  const kernel = new KernelBuilder(
    quads ? 'linearBlockPerThreadQuads' : 'linearBlockPerThread',
    `y = x·weightᵀ${bias ? ' + bias' : ''}, ${rows} rows and ${COLUMNS} columns of y per thread` +
      `${quads ? ', x read by quads' : ''}.${weight.quantized ? ` Weights of ${describeBlocks(weight)}.` : ''}`,
  );
  const loadX = readQuads(kernel, x);
  const reader = readWeight(kernel, 'weight', weight, 4);
  // Columns that come in fours are written at once, which makes the kernel a third shorter.
  const outColumns = y.type.shape.at(-1) ?? 1;
  const fours = [outColumns, weight.rows, weight.first].every((size) => typeof size === 'number' && size % 4 === 0);
  const loadBias = bias && kernel.read('bias', bias, fours ? 4 : 1);
  const store = kernel.write('y', y, fours ? 4 : 1);
  const [height, width, outSize] = [wgslSize(rowsOf(y)), wgslSize(weight.rows), wgslSize(outColumns)];
  const columns = range(COLUMNS);
  const reads = range(quads ? rows / 4 : rows);
  const scale = (c: number) => (reader.quantized ? `head${c}.x * ` : '');
  const step = [
    `let weights = mat4x4f(`,
    ...columns.map((c) => `  ${scale(c)}${reader.step(`column${c}`, 'step', `head${c}`)},`),
    ');',
    ...reads.flatMap((r) => [
      `let x${r} = ${loadX(`row${r}`, 'step')};`,
      ...(quads
        ? range(4).map((t) => `sum${4 * r + t} += quadBroadcast(x${r}, ${t}u) * weights;`)
        : [`sum${r} += x${r} * weights;`]),
    ]),
  ];
  const rowGuard = (r: number, statement: string) => [`  if (top + ${r}u < ${height}) {`, `    ${statement}`, '  }'];
  const column = (c: number) => (weight.first === 0 ? `first + ${c}u` : `first + ${weight.first + c}u`);
  const result = fours
    ? [
        `if (first < ${width}) {`,
        `  let place = (${column(0)}) / 4u;`,
        ...(loadBias ? [`  let bias = ${loadBias('place')};`] : []),
        ...range(rows).flatMap((r) =>
          rowGuard(
            r,
            store(`(top + ${r}u) * ${Number(outColumns) / 4}u + place`, `sum${r}${loadBias ? ' + bias' : ''}`),
          ),
        ),
        '}',
      ]
    : columns.flatMap((c) => [
        `if (first + ${c}u < ${width}) {`,
        ...(loadBias ? [`  let bias = ${loadBias(column(c))};`] : []),
        ...range(rows).flatMap((r) =>
          rowGuard(r, store(`(top + ${r}u) * ${outSize} + ${column(c)}`, `sum${r}[${c}]${loadBias ? ' + bias' : ''}`)),
        ),
        '}',
      ]);
  return kernel.perTile(
    { grid: [weight.rows, rowsOf(y)], tile: [COLUMNS * THREADS, rows], threads: THREADS, subgroups: quads },
    [
      `let first = (group.x * ${THREADS}u + lane) * ${COLUMNS}u;`,
      `let top = group.y * ${rows}u;`,
      '// What lies outside of y is computed from its last row and column, and not written.',
      ...columns.map((c) => `let column${c} = min(first + ${c}u, ${width} - 1u);`),
      ...reads.map(
        (r) => `let row${r} = min(top + ${quads ? `${4 * r}u + subgroupLane % 4u` : `${r}u`}, ${height} - 1u);`,
      ),
      ...range(rows).map((r) => `var sum${r} = vec4f();`),
      ...(reader.quantized
        ? [
            `for (var block = 0u; block < ${reader.blocks}; block++) {`,
            ...columns.map((c) => `  let head${c} = ${reader.head(`column${c}`, 'block')};`),
            `  let end = min((block + 1u) * ${reader.blockSteps}, ${reader.steps});`,
            `  for (var step = block * ${reader.blockSteps}; step < end; step++) {`,
            indent(step, 2),
            '  }',
            '}',
          ]
        : [`for (var step = 0u; step < ${reader.steps}; step++) {`, indent(step), '}']),
      ...result,
    ],
  );
}

/** Reads four columns of a row of x at a time. */
function readQuads(kernel: KernelBuilder, x: Operand): (row: string, quad: string) => string {
  const columns = Number(x.type.shape.at(-1)); // as many as the weight has, a number
  if (columns % 4 !== 0) return readRows(kernel, 'x', x);
  const load = kernel.read('x', x, 4);
  return (row, quad) => load(`${row} * ${columns / 4}u + ${quad}`);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
