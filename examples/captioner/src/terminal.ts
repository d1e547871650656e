import type { Frame } from './draw.ts';
import { SIDE } from './world.ts';

const COLUMNS = 24;
const ROWS = COLUMNS / 2;

/** A frame in colour, for a terminal: every character is two pixels, one above the other. */
export function pictureLines({ data, width }: Frame): string[] {
  const pixel = (column: number, row: number): string => {
    const [x, y] = [column, row].map((at) => Math.floor(((at + 0.5) * SIDE) / COLUMNS));
    const from = 3 * ((y ?? 0) * width + (x ?? 0));
    return data.subarray(from, from + 3).join(';');
  };
  return Array.from({ length: ROWS }, (_, line) => {
    const cells = Array.from({ length: COLUMNS }, (_, column) => {
      return `\x1b[38;2;${pixel(column, 2 * line)}m\x1b[48;2;${pixel(column, 2 * line + 1)}m▀`;
    });
    return `${cells.join('')}\x1b[0m`;
  });
}

/** Lines to the right of a picture, or alone where there is none. */
export function beside(picture: readonly string[], lines: readonly string[]): string {
  if (picture.length === 0) return lines.join('\n');
  const count = Math.max(picture.length, lines.length);
  const rows = Array.from({ length: count }, (_, i) => `${picture[i] ?? ' '.repeat(COLUMNS)}  ${lines[i] ?? ''}`);
  return rows.join('\n');
}
