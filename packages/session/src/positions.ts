import { InputError } from './check.ts';
import type { HostTensor } from './executor.ts';

/** Image tokens as they stand in the picture, row by row. */
export interface MergedGrid {
  readonly rows: number;
  readonly columns: number;
}

/** Positions of `count` text tokens from `start` on: i32 [1 count], or [axes 1 count] with the same on every axis. */
export function textPositions(start: number, count: number, axes: number): HostTensor {
  const shape = axes === 1 ? [1, count] : [axes, 1, count];
  return { dtype: 'i32', shape, data: Int32Array.from({ length: axes * count }, (_, i) => start + (i % count)) };
}

/**
 * Positions of the tokens of an image that stands before text position `start`. One axis: all of them `start`. Three
 * axes (M-RoPE): (start, start + row, start + column), for which the grid must be known. Source: CASA.md, Positions.
 */
export function imagePositions(start: number, tokens: number, axes: number, grid: MergedGrid | undefined): HostTensor {
  if (axes === 1) return { dtype: 'i32', shape: [1, tokens], data: new Int32Array(tokens).fill(start) };
  if (grid === undefined || grid.rows * grid.columns !== tokens) {
    const given = grid ? `a grid of ${grid.rows}×${grid.columns}` : 'no grid';
    throw new InputError(`an image of ${tokens} tokens needs its grid of rows × columns, got ${given}`);
  }
  const position = (axis: number, token: number): number => {
    if (axis === 0) return start;
    return start + (axis === 1 ? Math.floor(token / grid.columns) : token % grid.columns);
  };
  const data = Int32Array.from({ length: axes * tokens }, (_, i) => position(Math.floor(i / tokens), i % tokens));
  return { dtype: 'i32', shape: [axes, 1, tokens], data };
}
