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
const ALIGNMENT = 256;

/**
 * Places lifetimes so that those that overlap in time do not overlap in memory: each in the lowest gap, in the order
 * that comes out smallest (largest first is the greedy of Pisarchyk & Lee, arXiv 2001.03288; no single order is always
 * best). None crosses a multiple of `pageBytes`, so that the arena can be cut into buffers of that size.
 *
 * @throws RangeError when one is larger than a page.
 */
export function packArena(lifetimes: readonly Lifetime[], pageBytes: number): ArenaPlan {
  const items = lifetimes.map((lifetime, index): Item => ({ ...lifetime, index, bytes: align(lifetime.bytes) }));
  const tooLarge = items.find(({ bytes }) => bytes > pageBytes);
  if (tooLarge) throw new RangeError(`${tooLarge.bytes} bytes do not fit a page of ${pageBytes}`);
  const lowerBound = peak(items);
  let best = bestOf(ORDERS.map((order) => placeInOrder(items.toSorted(order), pageBytes)));
  // Where no order comes close, one near the best often does.
  for (let attempt = 0; attempt < ATTEMPTS && endOf(best) > NEAR * lowerBound; attempt++) {
    const weights = items.map(({ bytes, index }) => bytes ** shuffled(attempt * items.length + index));
    // In turn: any order that favours the larger ones, and the larger ones first, equal ones in any order.
    const bySize = attempt % 2 === 1;
    const order = (a: Item, b: Item) =>
      (bySize ? b.bytes - a.bytes : 0) || (weights[b.index] ?? 0) - (weights[a.index] ?? 0);
    best = bestOf([best, placeInOrder(items.toSorted(order), pageBytes)]);
  }
  const offsets = new Array<number>(lifetimes.length).fill(0);
  for (const { index, offset } of best) offsets[index] = offset;
  return { offsets, bytes: endOf(best), lowerBound };
}

/** Orders that are tried beside the fixed ones, and how near the least is near enough. */
const ATTEMPTS = 128;
const NEAR = 1.02;

function bestOf(layouts: readonly (readonly Placed[])[]): readonly Placed[] {
  return layouts.reduce((smallest, layout) => (endOf(layout) < endOf(smallest) ? layout : smallest));
}

/** Numbers in [0, 1) without order, the same in every build. */
function shuffled(index: number): number {
  return (Math.imul(index + 1, 0x9e3779b1) >>> 8) / 2 ** 24;
}

interface Item extends Lifetime {
  readonly index: number;
}

interface Placed extends Item {
  readonly offset: number;
}

const ORDERS: readonly ((a: Item, b: Item) => number)[] = [
  (a, b) => b.bytes - a.bytes || a.from - b.from,
  (a, b) => b.bytes * (b.to - b.from + 1) - a.bytes * (a.to - a.from + 1),
  (a, b) => b.to - b.from - (a.to - a.from) || b.bytes - a.bytes,
];

function placeInOrder(items: readonly Item[], pageBytes: number): readonly Placed[] {
  const placed: Placed[] = [];
  for (const item of items) {
    const rivals = placed.filter(({ from, to }) => from <= item.to && item.from <= to);
    const offset = lowestGap(rivals, item.bytes, pageBytes);
    const above = placed.findIndex((other) => other.offset > offset);
    placed.splice(above < 0 ? placed.length : above, 0, { ...item, offset });
  }
  return placed;
}

function endOf(layout: readonly Placed[]): number {
  return layout.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes), 0);
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
    { at: from, bytes },
    { at: to + 1, bytes: -bytes },
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
