import { wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { eachRow, PRODUCT_THREADS, SharedProduct, TILE } from '../wgsl/sharedProduct.ts';
import { byPart } from './byPart.ts';
import { type ProjectTilesSite, TileKernel } from './projectTiles.ts';
import { LANES } from './tiledRows.ts';

/** Numbers of a row that a workgroup multiplies at a time. */
const DEPTH = 32;

/** Rows of weights times rows of x, and what follows from each product, by tiles in memory that a workgroup shares. */
export function projectSharedTiles(site: ProjectTilesSite): KernelCall {
  const { columns, parts } = site;
  const tiles = new TileKernel(
    site,
    'projectSharedTiles',
    `Rows of weights times rows of x, ${TILE} of each per workgroup.`,
  );
  const { kernel, rows: weights, units } = tiles;
  const height = wgslSize(site.rows);
  const quads = `${columns / 4}u`;
  const load = tiles.readX();
  // Behind the end of a row x is zero, so that it does not matter which (finite) numbers of the weights are read there.
  const even = columns % DEPTH === 0;
  const inside = (quad: string) => (even ? quad : `min(${quad}, ${quads} - 1u)`);
  const product = new SharedProduct({
    rows: height,
    quads,
    loadA: (row, quad) => {
      const value = load(row, inside(quad));
      return even ? value : `select(vec4f(), ${value}, ${quad} < ${quads})`;
    },
    right: {
      prepare: [
        ...weights.declare(),
        '{',
        `  let i = min(left / 4u + ownGroup, ${units - 1}u);`,
        indent(byPart(parts, (part) => [...part.rows, ...weights.starts(part)])),
        '}',
      ],
      load: (t, quad) => weights.scaledQuad(t, inside(quad)),
    },
    finish: [
      'let i = left / 4u + across;',
      `if (i < ${units}u) {`,
      indent(
        byPart(parts, (part) => [
          ...part.rows,
          ...eachRow(height, [...LANES.map((t) => `let a${t} = sums[r][${t}];`), ...part.finish(kernel)]),
        ]),
      ),
      '}',
    ],
  });
  return kernel.finishTiles(
    { grid: [units, site.rows], tile: [TILE / 4, TILE], threads: PRODUCT_THREADS, shared: product.shared },
    product.body,
  );
}
