import { isFloat } from '@casement/ir';
import type { HostTensor } from '@casement/session';
import { compareTensors, type Difference } from './compare.ts';

/** How an output compares with what a golden holds under its name. */
export interface OutputReport {
  /** The entry that made it; undefined when the model file's `golden` did. */
  readonly entry: string | undefined;
  readonly output: string;
  /** As the golden has it. */
  readonly shape: readonly number[];
  readonly passed: boolean;
  /** Of floats. */
  readonly difference?: Difference;
  /** The first element of integers that is not equal. */
  readonly mismatch?: Mismatch;
  /** Why nothing could be compared. */
  readonly problem?: string;
}

export interface Mismatch {
  /** How many elements are not equal. */
  readonly count: number;
  readonly at: readonly number[];
  readonly got: number;
  readonly wanted: number;
}

/** What floats may be off, and whether integers must be equal. */
export interface Allowed {
  readonly tolerance: number;
  readonly exactIntegers: boolean;
}

type Compared = Omit<OutputReport, 'entry' | 'output'>;

/**
 * Compares the results of an entry's runs with a golden's tensor: one result for each index of its first axis, or, when
 * it has no such axis, the same for all runs. Axes of size 1 do not count. Integers must be equal.
 */
export function compareOutput(results: readonly HostTensor[], wanted: HostTensor, allowed: Allowed): Compared {
  const [first] = results;
  const stacked = results.length > 1 && sameSizes([results.length, ...(first?.shape ?? [])], wanted.shape);
  const parts = results.map((got, run) => compareOne(got, stacked ? runOf(wanted, run, got.shape) : wanted, allowed));
  const worst = parts.reduce((a, b) => (badness(b) > badness(a) ? b : a));
  if (!stacked) return { ...worst, shape: wanted.shape };
  // Where it stands in the golden's tensor, which begins with the runs.
  const run = parts.indexOf(worst);
  const mismatch = worst.mismatch && { ...worst.mismatch, at: [run, ...worst.mismatch.at] };
  return { ...worst, shape: wanted.shape, ...(mismatch ? { mismatch } : {}) };
}

function compareOne(got: HostTensor, wanted: HostTensor, allowed: Allowed): Compared {
  const { shape } = wanted;
  if (!sameSizes(got.shape, shape)) {
    return { shape, passed: false, problem: `is [${got.shape.join(', ')}], not [${shape.join(', ')}]` };
  }
  if (isFloat(wanted.dtype)) {
    const difference = compareTensors(got, wanted);
    return { shape, passed: difference.maxAbsolute <= allowed.tolerance, difference };
  }
  const mismatch = firstMismatch(got, wanted);
  return mismatch ? { shape, passed: !allowed.exactIntegers, mismatch } : { shape, passed: true };
}

function firstMismatch(got: HostTensor, { shape, data }: HostTensor): Mismatch | undefined {
  const differs = (wanted: number, i: number) => got.data[i] !== wanted;
  const at = data.findIndex(differs);
  if (at < 0) return undefined;
  const count = Array.from(data).filter(differs).length;
  return { count, at: indexOf(at, shape), got: got.data[at] ?? Number.NaN, wanted: data[at] ?? Number.NaN };
}

/** How bad a comparison is, so that the worst of several runs is the one that is told. */
function badness({ passed, difference, mismatch, problem }: Compared): number {
  if (problem !== undefined) return Number.POSITIVE_INFINITY;
  return (difference?.maxAbsolute ?? mismatch?.count ?? 0) + (passed ? 0 : 1e-30);
}

function runOf({ dtype, data }: HostTensor, run: number, shape: readonly number[]): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype, shape, data: data.subarray(run * count, (run + 1) * count) };
}

/** Whether shapes are equal but for axes of size 1. */
function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  const core = (shape: readonly number[]) => shape.filter((size) => size !== 1).join();
  return core(a) === core(b);
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}
