import { COLORS, type Color, type Shape, SIDE, SIZES, type Size } from '../../../captioner/src/world.ts';

/** A shape as people see it, between two frames too. Pixels are those of frames. */
export interface Sprite {
  readonly shape: Shape;
  readonly size: Size;
  readonly color: Color;
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Draws what `draw` draws, but smoothly and as fine as the screen is. */
export function paint(canvas: HTMLCanvasElement, sprites: readonly Sprite[]): void {
  const side = Math.round((canvas.clientWidth || 448) * Math.min(2, devicePixelRatio));
  if (canvas.width !== side) {
    canvas.width = side;
    canvas.height = side;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
  ground(context);
  for (const sprite of sprites) paintSprite(context, sprite);
}

/** Brighter red to the right, brighter green to the bottom: two gradients, one added to the other. */
function ground(context: CanvasRenderingContext2D): void {
  const [right, down] = [context.createLinearGradient(0, 0, SIDE, 0), context.createLinearGradient(0, 0, 0, SIDE)];
  right.addColorStop(0, 'rgb(16 0 56)');
  right.addColorStop(1, 'rgb(96 0 56)');
  down.addColorStop(0, 'rgb(0 16 0)');
  down.addColorStop(1, 'rgb(0 96 0)');
  context.globalCompositeOperation = 'source-over';
  context.fillStyle = right;
  context.fillRect(0, 0, SIDE, SIDE);
  context.globalCompositeOperation = 'lighter';
  context.fillStyle = down;
  context.fillRect(0, 0, SIDE, SIDE);
  context.globalCompositeOperation = 'source-over';
}

function paintSprite(context: CanvasRenderingContext2D, { shape, size, color, x, y, scale }: Sprite): void {
  const radius = SIZES[size] * scale;
  context.fillStyle = `rgb(${COLORS[color].join(' ')})`;
  context.beginPath();
  if (shape === 'circle') context.arc(x, y, radius, 0, 2 * Math.PI);
  else if (shape === 'square') context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y + radius);
    context.lineTo(x - radius, y + radius);
  }
  context.fill();
}
