import { indent } from './coordinates.ts';

/** Rows and columns of the result that a workgroup computes, from so many numbers of each at a time: 16 KiB. */
export const TILE = 64;
const DEPTH = 32;
export const PRODUCT_THREADS = 128;

/** What a thread computes: two vectors of rows, one of columns. */
const [ROWS, COLUMNS] = [8, 4];
const GROUPS = TILE / 4;
const LANES = [0, 1, 2, 3];

export interface ProductSite {
  /** Rows of the result, and how many vectors of four are multiplied for an element of it; as WGSL. */
  readonly rows: string;
  readonly quads: string;
  /** Four numbers of a row of the left side, zero behind its end. */
  readonly loadA: (row: string, quad: string) => string;
  readonly right: RightSide;
  /** Statements that use what a thread computed: `sums[r][c]` is row top + down·8 + r, column left + across·4 + c. */
  readonly finish: readonly string[];
}

/** What belongs to the columns of the result. */
export interface RightSide {
  /** Statements that define what `load` needs for columns left + ownGroup·4 … + 3. */
  readonly prepare: readonly string[];
  /** Four numbers of the c-th of those columns; finite behind their end. */
  readonly load: (c: number, quad: string) => string;
}

/** Columns that each have a number; those behind the end stand for the last one. */
export function numberedColumns(columns: string, load: (column: string, quad: string) => string): RightSide {
  return {
    prepare: LANES.map((c) => `let b${c} = min(left + ownGroup * 4u + ${c}u, ${columns} - 1u);`),
    load: (c, quad) => load(`b${c}`, quad),
  };
}

export interface ElementStore {
  readonly rows: string;
  readonly columns: string;
  /** Statements for each column of a thread, with `column`; they come before its rows. */
  readonly perColumn: readonly string[];
  /** Statements that write an element, with `row` and `column`. */
  readonly store: (row: string, value: string) => readonly string[];
}

/** Writes what lies within the result, element by element. */
export function storeElements({ rows, columns, perColumn, store }: ElementStore): readonly string[] {
  return [
    `for (var c = 0u; c < ${COLUMNS}u; c++) {`,
    `  let column = left + across * ${COLUMNS}u + c;`,
    `  if (column >= ${columns}) {`,
    '    break;',
    '  }',
    indent(perColumn),
    indent(eachRow(rows, store('row', 'sums[r][c]'))),
    '}',
  ].filter((line) => line !== '');
}

/** Statements for each of a thread's rows that lie within the result, with `row` and its number `r` in the thread. */
export function eachRow(rows: string, statements: readonly string[]): readonly string[] {
  return [
    `for (var r = 0u; r < ${ROWS}u; r++) {`,
    `  let row = top + down * ${ROWS}u + r;`,
    `  if (row < ${rows}) {`,
    indent(statements, 2),
    '  }',
    '}',
  ];
}

/**
 * A product by tiles that a workgroup shares. Each thread loads a block of 4 × 4 numbers of either side and keeps it
 * transposed, so that it is read as vectors; a vector's place within its line is mixed with the line, so that neither
 * loading nor computing makes threads wait for the same bank.
 */
export class SharedProduct {
  readonly shared: readonly string[] = [
    `tileA: array<vec4f, ${DEPTH * GROUPS}>`,
    `tileB: array<vec4f, ${DEPTH * GROUPS}>`,
  ];

  constructor(private readonly site: ProductSite) {}

  /** With `group` as the tile: x counts columns, y rows. */
  get body(): readonly string[] {
    const { rows, quads, loadA, right, finish } = this.site;
    return [
      `let left = group.x * ${TILE}u;`,
      `let top = group.y * ${TILE}u;`,
      '// What this thread loads: a vector from each of four rows.',
      `let ownQuad = lane % ${DEPTH / 4}u;`,
      `let ownGroup = lane / ${DEPTH / 4}u;`,
      ...LANES.map((r) => `let a${r} = min(top + ownGroup * 4u + ${r}u, ${rows} - 1u);`),
      ...right.prepare,
      '// What this thread computes.',
      `let across = lane % ${TILE / COLUMNS}u;`,
      `let down = lane / ${TILE / COLUMNS}u;`,
      '// Threads whose rows lie behind the end load only.',
      `let isInside = top + down * ${ROWS}u < ${rows};`,
      `var sums: array<vec4f, ${ROWS}>;`,
      `for (var start = 0u; start < ${quads}; start += ${DEPTH / 4}u) {`,
      '  let quad = start + ownQuad;',
      indent(keep('tileA', (r) => loadA(`a${r}`, 'quad'))),
      indent(keep('tileB', (c) => right.load(c, 'quad'))),
      '  workgroupBarrier();',
      '  if (isInside) {',
      `    for (var k = 0u; k < ${DEPTH}u; k++) {`,
      `      let line = k * ${GROUPS}u;`,
      '      let mix = k / 4u;',
      '      let b = tileB[line + (across ^ mix)];',
      '      let above = tileA[line + ((2u * down) ^ mix)];',
      '      let below = tileA[line + ((2u * down + 1u) ^ mix)];',
      ...LANES.map((r) => `      sums[${r}] += above[${r}] * b;`),
      ...LANES.map((r) => `      sums[${r + 4}] += below[${r}] * b;`),
      '    }',
      '  }',
      '  workgroupBarrier();',
      '}',
      ...finish,
    ].filter((line) => line !== '');
  }
}

/** Loads this thread's block and keeps it transposed. */
function keep(tile: string, load: (vector: number) => string): readonly string[] {
  return [
    '{',
    `  let block = transpose(mat4x4f(${LANES.map(load).join(', ')}));`,
    ...LANES.map((k) => `  ${tile}[(ownQuad * 4u + ${k}u) * ${GROUPS}u + (ownGroup ^ ownQuad)] = block[${k}];`),
    '}',
  ];
}
