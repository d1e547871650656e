import type { Pace } from './sources/source.ts';

/** What the page's address may say: `?seed=7&pace=900&frames=12`. */
export interface Settings {
  /** Of the scene. */
  readonly seed: number;
  readonly pace: Pace;
  /** Pause after so many; 0: never. */
  readonly frames: number;
}

const PACE = 1100;

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
    pace: { milliseconds, glide: milliseconds > 0 && !still },
    frames: number('frames', 0),
  };
}
