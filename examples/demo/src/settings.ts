import type { Pace } from './sources/source.ts';

/** What the page's address may say: `?seed=7&scene=64&pace=900&frames=12`. */
export interface Settings {
  /** Of the scene. */
  readonly seed: number;
  /** Frames of a scene, after which the next one begins; 0: it never ends. */
  readonly scene: number;
  readonly pace: Pace;
  /** Pause after so many; 0: never. */
  readonly frames: number;
}

const PACE = 1100;
/** The longest clips that the model was trained on: in longer ones a wrong caption misleads it for good. */
const SCENE = 64;

export function readSettings(search: string): Settings {
  const given = new URLSearchParams(search);
  const number = (name: string, otherwise: number) => {
    const value = Number(given.get(name) ?? Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : otherwise;
  };
  const milliseconds = number('pace', PACE);
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return {
    seed: number('seed', 7),
    scene: number('scene', SCENE),
    pace: { milliseconds, glide: milliseconds > 0 && !still },
    frames: number('frames', 0),
  };
}
