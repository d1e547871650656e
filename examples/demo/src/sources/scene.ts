import { draw } from '../../../captioner/src/draw.ts';
import { createScene } from '../../../captioner/src/scene.ts';
import type { Thing } from '../../../captioner/src/world.ts';
import type { Settings } from '../settings.ts';
import { paint, type Sprite } from './paint.ts';
import { type FrameSource, wait } from './source.ts';

/** How long shapes take from place to place, in milliseconds. */
const GLIDE = 450;

/**
 * The scene of a seed, and after so many frames that of the next one. People see it glide on the canvas; the model gets the
 * bytes that it was trained on.
 */
export function sceneSource(canvas: HTMLCanvasElement, { seed, pace, scene: frames }: Settings): FrameSource {
  let scene = createScene(seed);
  let shown = 0;
  let stopped = false;
  return {
    async next() {
      const before = new Map(scene.things.map((thing) => [thing, spriteOf(thing)]));
      const anew = shown > 0 && shown % frames === 0;
      if (anew) scene = createScene(seed + shown / frames);
      shown++;
      const truth = scene.next();
      const after = new Map(scene.things.map((thing) => [thing, spriteOf(thing)]));
      const frame = draw(scene.things);
      if (pace.glide) await glide(canvas, before, after, () => stopped);
      paint(canvas, [...after.values()]);
      // The first look is for people: what they read next is about what they see now.
      await wait(Math.max(0, pace.milliseconds - (pace.glide ? GLIDE : 0)));
      return stopped ? undefined : { frame, truth, anew };
    },
    stop() {
      stopped = true;
    },
  };
}

type Sprites = ReadonlyMap<Thing, Sprite>;

async function glide(
  canvas: HTMLCanvasElement,
  before: Sprites,
  after: Sprites,
  stopped: () => boolean,
): Promise<void> {
  const start = performance.now();
  for (let at = 0; at < 1 && !stopped(); ) {
    const now = await new Promise<number>((resolve) => {
      requestAnimationFrame(resolve);
    });
    at = Math.min(1, Math.max(0, now - start) / GLIDE);
    paint(canvas, between(before, after, at * at * (3 - 2 * at)));
  }
}

/** What goes shrinks, what comes grows, the rest moves. */
function between(before: Sprites, after: Sprites, at: number): Sprite[] {
  const things = new Set([...before.keys(), ...after.keys()]);
  return [...things].flatMap((thing) => {
    const [from, to] = [before.get(thing), after.get(thing)];
    const mix = (a: number, b: number) => a + (b - a) * at;
    if (from && to) return [{ ...to, x: mix(from.x, to.x), y: mix(from.y, to.y) }];
    if (from) return [{ ...from, scale: 1 - at }];
    return to ? [{ ...to, scale: at }] : [];
  });
}

function spriteOf({ shape, size, color, x, y }: Thing): Sprite {
  return { shape, size, color, x, y, scale: 1 };
}
