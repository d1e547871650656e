import type { HostTensor } from '@casement/session';

/** How far a result is from what it should be. */
export interface Difference {
  /** Largest |got − wanted|; Infinity when something is NaN or infinite that should not be. */
  readonly maxAbsolute: number;
  /** Largest |got − wanted| / max(|wanted|, 1e-3 of the largest |wanted|). */
  readonly maxRelative: number;
  /** Flat index of the largest absolute difference. */
  readonly at: number;
}

/** Compares two tensors of the same number of elements. Throws RangeError when the numbers differ. */
export function compareTensors(got: Pick<HostTensor, 'data'>, wanted: Pick<HostTensor, 'data'>): Difference {
  if (got.data.length !== wanted.data.length) {
    throw new RangeError(`${got.data.length} elements cannot be compared with ${wanted.data.length}`);
  }
  const floor = 1e-3 * largestMagnitude(wanted.data);
  let difference = { maxAbsolute: 0, maxRelative: 0, at: 0 };
  for (let i = 0; i < got.data.length; i++) {
    const [x, y] = [got.data[i] ?? Number.NaN, wanted.data[i] ?? Number.NaN];
    if (Object.is(x, y)) continue;
    const absolute = Number.isFinite(x - y) ? Math.abs(x - y) : Number.POSITIVE_INFINITY;
    const relative = absolute / Math.max(Math.abs(y), floor, Number.MIN_VALUE);
    if (absolute > difference.maxAbsolute) difference = { ...difference, maxAbsolute: absolute, at: i };
    if (relative > difference.maxRelative) difference = { ...difference, maxRelative: relative };
  }
  return difference;
}

/** Largest |x|; 0 for nothing. */
export function largestMagnitude(data: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i] ?? 0));
  return largest;
}
