import { type Dim, headCounts, mulDims } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { flatIndex } from '../wgsl/coordinates.ts';
import { exactGroups } from '../wgsl/lanes.ts';
import type { AttentionSite } from './attentionRowPerThread.ts';

/** Rows of attention that read the same keys: the queries of all heads that share a kv head, heads of a query together. */
export interface HeadRows {
  /** For each kv head. */
  readonly rows: Dim;
  readonly kvHeads: number;
  readonly batch: Dim;
  /** Query and head of a row, as WGSL. */
  readonly query: (row: string) => string;
  readonly head: (row: string, kvHead: string) => string;
}

/** The rule under which heads share kv heads evenly. */
export function sharesEvenly(q: Operand, k: Operand): boolean {
  const { heads, kvHeads } = headCounts(q.type, k.type);
  return heads % kvHeads === 0;
}

export function headRows(q: Operand, k: Operand): HeadRows {
  const { heads, kvHeads } = headCounts(q.type, k.type);
  const group = heads / kvHeads;
  if (!Number.isInteger(group)) throw new RangeError(`${heads} heads do not share ${kvHeads} kv heads evenly`);
  const [batch = 1, queries = 1] = q.type.shape;
  return {
    rows: mulDims(queries, group),
    kvHeads,
    batch,
    query: (row) => (group === 1 ? row : `(${row}) / ${group}u`),
    head: (row, kvHead) => (group === 1 ? kvHead : `${kvHead} * ${group}u + ${row} % ${group}u`),
  };
}

/** How many keys a query sees, those of the past first; as WGSL, with `keys` as the number of all. */
export function visibleKeys({ q, attrs }: AttentionSite, query: string): string {
  if (!attrs.causal) return 'keys';
  return `u32(clamp(i32(keys - ${wgslSize(q.type.shape[1] ?? 1)} + ${query}) + 1, 0, i32(keys)))`;
}

/** The first vector of `key` of kv head `group.y` in batch `group.z`, as WGSL. */
export function cursorOf(operand: Operand): string {
  const strides = stridesOf(operand)
    .slice(0, 3)
    .map((stride) => exactGroups(stride, 4));
  return flatIndex(['group.z', 'key', 'group.y'], strides);
}

/** Vectors of four in a head; local and shared arrays need a number. */
export function vectorsOf({ type }: Operand): number {
  const size = exactGroups(type.shape[3] ?? 1, 4);
  if (typeof size !== 'number') throw new RangeError(`the head size must be a fixed number, got ${type.shape[3]}`);
  return size;
}
