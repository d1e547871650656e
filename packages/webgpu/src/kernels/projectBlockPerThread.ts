import { wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { byPart } from './byPart.ts';
import type { BlockShape } from './linearBlockPerThread.ts';
import { type ProjectTilesSite, TileKernel } from './projectTiles.ts';
import { LANES } from './tiledRows.ts';

const THREADS = 32;

/**
 * Rows of weights times rows of x, and what follows from each product; each thread takes four rows of weights and a few
 * of x, without barriers. In a quad, threads read x together as in `linearBlockPerThread`.
 */
export function projectBlockPerThread(site: ProjectTilesSite, { rows, quads }: BlockShape): KernelCall {
  const tiles = new TileKernel(
    site,
    quads ? 'projectBlockPerThreadQuads' : 'projectBlockPerThread',
    `Rows of weights times rows of x, four by ${rows} per thread${quads ? ', x read by quads' : ''}.`,
  );
  const { kernel, rows: weights, units } = tiles;
  const height = wgslSize(site.rows);
  const loadX = tiles.readX();
  const reads = range(quads ? rows / 4 : rows);
  const scale = (t: number) => (weights.quantized ? `head${t}.x * ` : '');
  const step = [
    'let weights = mat4x4f(',
    ...LANES.map((t) => `  ${scale(t)}${weights.quad(t, 'quad', `head${t}`)},`),
    ');',
    ...reads.flatMap((r) => [
      `let x${r} = ${loadX(`row${r}`, 'quad')};`,
      ...(quads
        ? range(4).map((t) => `sum${4 * r + t} += quadBroadcast(x${r}, ${t}u) * weights;`)
        : [`sum${r} += x${r} * weights;`]),
    ]),
  ];
  const all = `${site.columns / 4}u`;
  const loop = weights.quantized
    ? [
        `for (var block = 0u; block < ${Math.ceil(site.columns / 4 / weights.blockQuads)}u; block++) {`,
        ...LANES.map((t) => `  let head${t} = ${weights.head(t, 'block')};`),
        `  let end = min((block + 1u) * ${weights.blockQuads}u, ${all});`,
        `  for (var quad = block * ${weights.blockQuads}u; quad < end; quad++) {`,
        indent(step, 2),
        '  }',
        '}',
      ]
    : [`for (var quad = 0u; quad < ${all}; quad++) {`, indent(step), '}'];
  return kernel.finishTiles({ grid: [units, site.rows], tile: [THREADS, rows], threads: THREADS, subgroups: quads }, [
    '// What lies outside is computed from the last rows of weights and x, and not written.',
    `let isOwn = group.x * ${THREADS}u + lane < ${units}u;`,
    `let i = min(group.x * ${THREADS}u + lane, ${units - 1}u);`,
    `let top = group.y * ${rows}u;`,
    ...weights.declare(),
    ...byPart(site.parts, (part) => [...part.rows, ...weights.starts(part)]),
    ...reads.map(
      (r) => `let row${r} = min(top + ${quads ? `${4 * r}u + subgroupLane % 4u` : `${r}u`}, ${height} - 1u);`,
    ),
    ...range(rows).map((r) => `var sum${r} = vec4f();`),
    ...loop,
    `var sums = array<vec4f, ${rows}>(${range(rows)
      .map((r) => `sum${r}`)
      .join(', ')});`,
    'if (isOwn) {',
    indent(
      byPart(site.parts, (part) => [
        ...part.rows,
        `for (var r = 0u; r < min(${rows}u, ${height} - top); r++) {`,
        '  let row = top + r;',
        ...LANES.map((t) => `  let a${t} = sums[r][${t}];`),
        indent(part.finish(kernel)),
        '}',
      ]),
    ),
    '}',
  ]);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
