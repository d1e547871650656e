import type { StateSpec } from '@casement/runtime';
import { InputError } from '../check.ts';
import type { HostTensors } from '../executor.ts';

/** Throws InputError when an input holds a number that the model has no row for in its tables. */
export function checkBelow(
  entry: string,
  inputs: HostTensors,
  limits: Readonly<Record<string, number>>,
  states: readonly StateSpec[],
): void {
  for (const [name, limit] of Object.entries(limits)) {
    const data = inputs[name]?.data ?? [];
    for (let i = 0; i < data.length; i++) {
      const value = data[i] ?? 0;
      if (value >= 0 && value < limit) continue;
      // Without a cache of text, nothing that a build can be told bounds positions.
      const isCache = states.some(({ capacity }) => capacity === limit);
      const why = isCache ? ', as many as the text cache holds; build with a larger capacity' : '';
      throw new InputError(
        `${entry}: input "${name}" holds ${value} at ${i}; positions go from 0 to ${limit - 1}${why}`,
      );
    }
  }
}
