import { COLORS, type Shape, SIDE, SIZES, type Thing } from './world.ts';

/** A frame: red, green and blue bytes, row by row from the top left. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Draws shapes without anti-aliasing, so that Python draws the same bytes. */
export function draw(things: readonly Thing[]): Frame {
  const data = ground();
  for (const { shape, size, color, x, y } of things) {
    const radius = SIZES[size];
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        if (covers(shape, radius, dx, dy)) data.set(COLORS[color], 3 * ((y + dy) * SIDE + x + dx));
      }
    }
  }
  return { width: SIDE, height: SIDE, data };
}

/** Brighter red to the right, brighter green to the bottom: where something stands can be seen from what is around. */
function ground(): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(3 * SIDE * SIDE);
  for (let y = 0, to = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, to += 3) {
      data[to] = 16 + Math.floor((x * 80) / SIDE);
      data[to + 1] = 16 + Math.floor((y * 80) / SIDE);
      data[to + 2] = 56;
    }
  }
  return data;
}

function covers(shape: Shape, radius: number, dx: number, dy: number): boolean {
  if (shape === 'circle') return dx * dx + dy * dy <= radius * radius;
  if (shape === 'square') return true;
  return 2 * Math.abs(dx) <= dy + radius;
}
