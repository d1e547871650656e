/** Memory that is needed from one step to another, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

export interface ArenaPlan {
  /** Of each lifetime, in the order given. */
  readonly offsets: readonly number[];
  /** Where the last one ends. */
  readonly bytes: number;
  /** The most that is alive at one step: no arena can be smaller. */
  readonly lowerBound: number;
}

/** WebGPU's coarsest rule for the offset of a binding. */
export const ALIGNMENT = 256;

/**
 * Places lifetimes so that those that overlap in time do not overlap in memory: largest first, each in the lowest gap
 * (greedy by size, Pisarchyk & Lee, arXiv 2001.03288). None crosses a multiple of `pageBytes`, so that the arena can be
 * cut into buffers of that size. Throws RangeError when one is larger than a page.
 */
export function packArena(lifetimes: readonly Lifetime[], pageBytes: number): ArenaPlan {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const order = lifetimes
    .map((lifetime, index) => ({ ...lifetime, index, bytes: align(lifetime.bytes) }))
    .sort((a, b) => b.bytes - a.bytes || a.from - b.from);
  const placed: (Lifetime & { readonly offset: number })[] = [];
  for (const item of order) {
    if (item.bytes > pageBytes) throw new RangeError(`${item.bytes} bytes do not fit a page of ${pageBytes}`);
    const rivals = placed.filter(({ from, to }) => from <= item.to && item.from <= to);
    const offset = lowestGap(rivals, item.bytes, pageBytes);
    placed.push({ ...item, offset });
    placed.sort((a, b) => a.offset - b.offset);
    offsets[item.index] = offset;
  }
  const bytes = placed.reduce((end, item) => Math.max(end, item.offset + item.bytes), 0);
  return { offsets, bytes, lowerBound: peak(lifetimes) };
}

/** Rivals are sorted by offset. */
function lowestGap(rivals: readonly { offset: number; bytes: number }[], bytes: number, pageBytes: number): number {
  let offset = 0;
  for (const rival of rivals) {
    offset = withinPage(offset, bytes, pageBytes);
    if (offset + bytes <= rival.offset) return offset;
    offset = Math.max(offset, rival.offset + rival.bytes);
  }
  return withinPage(offset, bytes, pageBytes);
}

function withinPage(offset: number, bytes: number, pageBytes: number): number {
  const nextPage = (Math.floor(offset / pageBytes) + 1) * pageBytes;
  return offset + bytes <= nextPage ? offset : nextPage;
}

function peak(lifetimes: readonly Lifetime[]): number {
  const changes = lifetimes.flatMap(({ bytes, from, to }) => [
    { at: from, bytes: align(bytes) },
    { at: to + 1, bytes: -align(bytes) },
  ]);
  // What ends at a step makes room before what begins there.
  changes.sort((a, b) => a.at - b.at || a.bytes - b.bytes);
  let alive = 0;
  return changes.reduce((most, change) => {
    alive += change.bytes;
    return Math.max(most, alive);
  }, 0);
}

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
