/** How far loading is. Kernels compile while weights are read. */
export interface LoadProgress {
  /** Bytes of weights on the device, of all; `cached` of them came out of the browser's cache, not over the network. */
  readonly weights: { readonly loaded: number; readonly cached: number; readonly total: number };
  /** Kernels that are compiled, of all. */
  readonly kernels: { readonly loaded: number; readonly total: number };
  /** Why the weights are not kept for the next load, when they should be: no room, or the user forbids it. */
  readonly cacheProblem?: string;
}

/** Joins what the parts of loading report; every report calls `onProgress` with all that is known. */
export function joinProgress(
  kernelTotal: number,
  onProgress: ((progress: LoadProgress) => void) | undefined,
): (change: Partial<LoadProgress>) => void {
  let now: LoadProgress = {
    weights: { loaded: 0, cached: 0, total: 0 },
    kernels: { loaded: 0, total: kernelTotal },
  };
  return (change) => {
    now = { ...now, ...change };
    onProgress?.(now);
  };
}
