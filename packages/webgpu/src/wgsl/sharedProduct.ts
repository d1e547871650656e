import { indent } from './coordinates.ts';

/** Rows and columns of the result that a workgroup computes, from so many numbers of each at a time: 16 KiB. */
export const TILE = 64;
const DEPTH = 32;
export const PRODUCT_THREADS = 128;

/** What a thread computes: two vectors of rows, one of columns. */
const [ROWS, COLUMNS] = [8, 4];
const GROUPS = TILE / 4;

export interface ProductSite {
  /** Sizes of the result, and how many vectors of four are multiplied for an element of it; as WGSL. */
  readonly rows: string;
  readonly columns: string;
  readonly quads: string;
  /** Four numbers of a row of the left side, zero behind its end. */
  readonly loadA: (row: string, quad: string) => string;
  /** Four numbers that belong to a column of the result; finite behind their end. */
  readonly loadB: (column: string, quad: string) => string;
  /** Statements for each column of a thread, with `column`; they come before its rows. */
  readonly perColumn: readonly string[];
  /** Statements that write an element, with `row` and `column`. */
  readonly store: (row: string, value: string) => readonly string[];
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
    const { rows, columns, quads, perColumn, store } = this.site;
    return [
      `let left = group.x * ${TILE}u;`,
      `let top = group.y * ${TILE}u;`,
      '// What this thread loads: a vector from each of four rows.',
      `let ownQuad = lane % ${DEPTH / 4}u;`,
      `let ownGroup = lane / ${DEPTH / 4}u;`,
      ...[0, 1, 2, 3].map((r) => `let a${r} = min(top + ownGroup * 4u + ${r}u, ${rows} - 1u);`),
      ...[0, 1, 2, 3].map((r) => `let b${r} = min(left + ownGroup * 4u + ${r}u, ${columns} - 1u);`),
      '// What this thread computes.',
      `let across = lane % ${TILE / COLUMNS}u;`,
      `let down = lane / ${TILE / COLUMNS}u;`,
      `var sums: array<vec4f, ${ROWS}>;`,
      `for (var start = 0u; start < ${quads}; start += ${DEPTH / 4}u) {`,
      '  let quad = start + ownQuad;',
      indent(this.keep('tileA', 'a', this.site.loadA)),
      indent(this.keep('tileB', 'b', this.site.loadB)),
      '  workgroupBarrier();',
      `  for (var k = 0u; k < ${DEPTH}u; k++) {`,
      `    let line = k * ${GROUPS}u;`,
      '    let mix = k / 4u;',
      '    let b = tileB[line + (across ^ mix)];',
      '    let above = tileA[line + ((2u * down) ^ mix)];',
      '    let below = tileA[line + ((2u * down + 1u) ^ mix)];',
      ...[0, 1, 2, 3].map((r) => `    sums[${r}] += above[${r}] * b;`),
      ...[0, 1, 2, 3].map((r) => `    sums[${r + 4}] += below[${r}] * b;`),
      '  }',
      '  workgroupBarrier();',
      '}',
      `for (var c = 0u; c < ${COLUMNS}u; c++) {`,
      `  let column = left + across * ${COLUMNS}u + c;`,
      `  if (column >= ${columns}) {`,
      '    break;',
      '  }',
      indent(perColumn),
      `  for (var r = 0u; r < ${ROWS}u; r++) {`,
      `    let row = top + down * ${ROWS}u + r;`,
      `    if (row < ${rows}) {`,
      indent(store('row', 'sums[r][c]'), 3),
      '    }',
      '  }',
      '}',
    ].filter((line) => line !== '');
  }

  /** Loads this thread's block and keeps it transposed. */
  private keep(tile: string, row: string, load: ProductSite['loadA']): readonly string[] {
    const vectors = [0, 1, 2, 3].map((r) => load(`${row}${r}`, 'quad'));
    return [
      '{',
      `  let block = transpose(mat4x4f(${vectors.join(', ')}));`,
      ...[0, 1, 2, 3].map(
        (k) => `  ${tile}[(ownQuad * 4u + ${k}u) * ${GROUPS}u + (ownGroup ^ ownQuad)] = block[${k}];`,
      ),
      '}',
    ];
  }
}
