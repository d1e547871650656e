import type { Dim } from '@casement/ir';
import type { Tiling } from './kernelBuilder.ts';

/** Threads of a workgroup that shares a row. */
export const ROW_THREADS = 64;

/** Shorter rows are not worth a workgroup. */
const SHORTEST_ROW = 128;

/** The rule under which a workgroup shares each row. */
export function sharesRows(size: Dim | undefined): boolean {
  return typeof size === 'number' && size >= SHORTEST_ROW;
}

/** One row for each workgroup, as `tile`, with the memory that {@link groupReduce} needs. */
export function rowTiling(rows: Dim): Tiling {
  return { grid: [rows], tile: [1], threads: ROW_THREADS, shared: [`shares: array<f32, ${ROW_THREADS}>`] };
}

/** The WGSL function `groupSum` or `groupMax`, which joins the values of a workgroup's threads; all get the result. */
export function groupReduce(what: 'Sum' | 'Max'): string {
  const joined = what === 'Sum' ? 'shares[lane] + shares[lane + count]' : 'max(shares[lane], shares[lane + count])';
  return `
fn group${what}(value: f32, lane: u32) -> f32 {
  shares[lane] = value;
  for (var count = ${ROW_THREADS / 2}u; count > 0u; count /= 2u) {
    workgroupBarrier();
    if (lane < count) {
      shares[lane] = ${joined};
    }
  }
  workgroupBarrier();
  let all = shares[0];
  workgroupBarrier();
  return all;
}`;
}
