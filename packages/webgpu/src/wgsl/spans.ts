import type { Block, Operand } from '../operand.ts';
import type { Storage } from '../storage.ts';

/** A block as part of a larger one that is bound instead of it. */
export interface SpanPart {
  readonly span: Block;
  readonly storage: Storage;
  /** Bytes from the span's start. */
  readonly offset: number;
}

/** Gaps of alignment between blocks are read by nobody; a larger gap is somebody else's memory. */
const LARGEST_GAP = 255;

/**
 * Joins blocks of equal storage that lie next to each other in one buffer, or at most `gap` bytes apart, so that one
 * binding covers them; none becomes larger than `most` bytes. Blocks need to have their places.
 */
export function joinBlocks(operands: Iterable<Operand>, most: number, gap = LARGEST_GAP): ReadonlyMap<Block, SpanPart> {
  const distinct = new Map([...operands].map((operand) => [operand.block, operand]));
  const sorted = [...distinct.values()].sort((a, b) => compare(keyOf(a), keyOf(b)) || startOf(a) - startOf(b));
  const runs: Operand[][] = [];
  for (const operand of sorted) {
    const run = runs.at(-1);
    const [first, last] = [run?.[0], run?.at(-1)];
    const joins =
      first !== undefined &&
      last !== undefined &&
      keyOf(first) === keyOf(operand) &&
      startOf(operand) - endOf(last) <= gap &&
      endOf(operand) - startOf(first) <= most;
    if (joins) run?.push(operand);
    else runs.push([operand]);
  }
  return new Map(runs.flatMap(partsOf));
}

function partsOf(run: readonly Operand[]): readonly (readonly [Block, SpanPart])[] {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return [];
  const names = run.map(({ block }) => block.name);
  const span: Block =
    run.length === 1 ? first.block : { ...first.block, name: names.join(', '), bytes: endOf(last) - startOf(first) };
  return run.map((operand) => {
    return [operand.block, { span, storage: operand.storage, offset: startOf(operand) - startOf(first) }] as const;
  });
}

function keyOf({ block, storage }: Operand): string {
  return `${block.place?.buffer} ${storage}`;
}

function startOf({ block }: Operand): number {
  return block.place?.offset ?? 0;
}

function endOf(operand: Operand): number {
  return startOf(operand) + operand.block.bytes;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
