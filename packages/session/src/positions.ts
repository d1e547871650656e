import { InputError } from './check.ts';
import type { HostTensor } from './executor.ts';

/** Image tokens as they stand in the picture, row by row. */
export interface MergedGrid {
  readonly rows: number;
  readonly columns: number;
}

/** Patches of a picture, before the encoder merges squares of them into tokens. */
export interface PatchGrid {
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
  const { columns } = gridOf(tokens, grid);
  const position = (axis: number, token: number): number => {
    if (axis === 0) return start;
    return start + (axis === 1 ? Math.floor(token / columns) : token % columns);
  };
  const data = Int32Array.from({ length: axes * tokens }, (_, i) => position(Math.floor(i / tokens), i % tokens));
  return { dtype: 'i32', shape: [axes, 1, tokens], data };
}

/**
 * Positions of image tokens that are inserted into the text, and the position of the text after them. One axis: counted
 * like text. Three axes: as above, and text goes on after the larger side. Source: transformers' get_rope_index.
 */
export function insertedPositions(
  start: number,
  tokens: number,
  axes: number,
  grid: MergedGrid | undefined,
): { readonly positions: HostTensor; readonly next: number } {
  if (axes === 1) return { positions: textPositions(start, tokens, 1), next: start + tokens };
  const { rows, columns } = gridOf(tokens, grid);
  return { positions: imagePositions(start, tokens, axes, grid), next: start + Math.max(rows, columns) };
}

/**
 * Row and column of every patch, i32 [2 1 patches], in the order of an encoder that merges squares of `side` × `side`:
 * square by square, row by row within each. Throws InputError when the grid is not made of whole squares.
 */
export function patchPositions({ rows, columns }: PatchGrid, side: number): HostTensor {
  const whole = [rows, columns].every((count) => Number.isInteger(count / side) && count > 0);
  if (!whole) throw new InputError(`a grid of ${rows}×${columns} patches is not made of squares of ${side}×${side}`);
  const patches = rows * columns;
  const data = new Int32Array(2 * patches);
  for (let patch = 0; patch < patches; patch++) {
    const [square, within] = [Math.floor(patch / side ** 2), patch % side ** 2];
    const across = columns / side;
    data[patch] = Math.floor(square / across) * side + Math.floor(within / side);
    data[patches + patch] = (square % across) * side + (within % side);
  }
  return { dtype: 'i32', shape: [2, 1, patches], data };
}

/** Positions [… tokens] of the tokens `from` … `to − 1` alone. */
export function slicePositions({ dtype, shape, data }: HostTensor, from: number, to: number): HostTensor {
  const tokens = shape.at(-1) ?? 0;
  const count = to - from;
  const axes = data.length / tokens;
  const at = (i: number) => data[Math.floor(i / count) * tokens + from + (i % count)] ?? 0;
  return {
    dtype,
    shape: [...shape.slice(0, -1), count],
    data: Int32Array.from({ length: axes * count }, (_, i) => at(i)),
  };
}

function gridOf(tokens: number, grid: MergedGrid | undefined): MergedGrid {
  if (grid && grid.rows * grid.columns === tokens) return grid;
  const given = grid ? `a grid of ${grid.rows}×${grid.columns}` : 'no grid';
  throw new InputError(`an image of ${tokens} tokens needs its grid of rows × columns, got ${given}`);
}
