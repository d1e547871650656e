/** Milliseconds of several runs of the same. */
export interface Times {
  readonly runs: number;
  readonly medianMs: number;
  /** The middle half lies between these. */
  readonly quartilesMs: readonly [number, number];
}

/** Median and quartiles. Throws RangeError for no times at all. */
export function spreadOf(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    runs: sorted.length,
    medianMs: quantile(sorted, 0.5),
    quartilesMs: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
  };
}

/** Between the two nearest, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) throw new RangeError('no times to take a quantile of');
  return low + (high - low) * (at - Math.floor(at));
}
