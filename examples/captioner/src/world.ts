/** What there is in the small world of the scenes; `train/scenes.py` has the same. */

/** Side of a frame in pixels. */
export const SIDE = 112;

export const COLORS = {
  red: [230, 60, 50],
  green: [70, 200, 80],
  blue: [70, 120, 250],
  yellow: [245, 215, 70],
  pink: [250, 130, 210],
} as const;

/** Radius in pixels. */
export const SIZES = { small: 8, large: 14 } as const;
export const SHAPES = ['circle', 'square', 'triangle'] as const;
export const ROWS = ['top', 'middle', 'bottom'] as const;
export const COLUMNS = ['left', 'center', 'right'] as const;

/** Rows and columns that a move changes. */
export const DIRECTIONS = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] } as const;

export type Color = keyof typeof COLORS;
export type Size = keyof typeof SIZES;
export type Shape = (typeof SHAPES)[number];
export type Direction = keyof typeof DIRECTIONS;

/** A coloured shape at one of nine places. */
export interface Thing {
  readonly size: Size;
  readonly color: Color;
  readonly shape: Shape;
  /** Place: 0 … 2 from the top, 0 … 2 from the left. */
  row: number;
  column: number;
  /** Middle, in pixels. */
  x: number;
  y: number;
  /** The direction of its last event, if that was a move. */
  heading: Direction | undefined;
  /** Frames since something was said of it. */
  quiet: number;
}
