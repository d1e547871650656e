import type { DimBindings, Program } from '@casement/ir';
import { type MergedGrid, patchPositions } from '@casement/session';
import type { EntryCost } from './entryCosts.ts';
import { segmentPairs } from './segmentPairs.ts';

/** How `encodeImage` runs for an image of so many tokens. */
export interface ImageRun {
  /** The image's tokens: the squarest grid that has as many. */
  readonly grid: MergedGrid;
  readonly bindings: DimBindings;
}

/** Throws RangeError when the encoder's attention depends on more than where patches stand. */
export function imageRun(program: Program, { graph, segmented }: EntryCost, tokens: number): ImageRun {
  const cell = program.dims.get('patches')?.multipleOf ?? 1;
  const side = Math.sqrt(cell);
  const grid = squarestGrid(tokens);
  const positions = patchPositions({ rows: grid.rows * side, columns: grid.columns * side }, side);
  const bindings = new Map([['patches', tokens * cell]]);
  const inputs = new Map([['patch_position_ids', positions]]);
  for (const [name, node] of segmented) bindings.set(name, segmentPairs(graph, node, bindings, inputs));
  return { grid, bindings };
}

function squarestGrid(tokens: number): MergedGrid {
  let rows = Math.floor(Math.sqrt(tokens));
  while (tokens % rows !== 0) rows--;
  return { rows, columns: tokens / rows };
}
