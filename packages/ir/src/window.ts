import { addDims, type Dim, divDims, floorDim } from './dim.ts';

/** Checks an attribute of so many whole numbers, such as a stride. Throws TypeError. */
export function requireCounts(counts: readonly number[], length: number, least: number, what: string): void {
  const fits = counts.length === length && counts.every((count) => Number.isInteger(count) && count >= least);
  if (!fits) throw new TypeError(`${what} must be ${length} whole numbers from ${least} on, got [${counts.join(' ')}]`);
}

/**
 * How many places a window of `kernel` elements has along a padded axis: ⌊(size + padding − kernel)/stride⌋ + 1, one at
 * least. Throws TypeError when it has none.
 */
export function windowPlaces(size: Dim, padding: number, kernel: number, stride: number): Dim {
  const steps = divDims(addDims(size, padding - kernel), stride) ?? 0; // numbers divide every size
  const places = addDims(floorDim(steps), 1);
  if (typeof places === 'number' && places < 1) throw new TypeError(misfit(kernel, size, padding));
  return places;
}

/** The same for sizes that are known when the model runs: throws RangeError when the window has no place. */
export function requireWindow(size: number, padding: number, kernel: number): void {
  if (size + padding < kernel) throw new RangeError(misfit(kernel, size, padding));
}

function misfit(kernel: number, size: Dim, padding: number): string {
  return `a window of ${kernel} does not fit into ${size}${padding > 0 ? ` and ${padding} of padding` : ''}`;
}
