import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FloatDType } from '@casement/ir';
import fc from 'fast-check';
import type { Bench } from '../support/bench.ts';

/** Things that can be drawn at random, run on every target, printed and read back. */
export interface Subject<T> {
  readonly name: string;
  draw(dtype: FloatDType): fc.Arbitrary<T>;
  /** What is wrong on any target; undefined when nothing is. */
  check(bench: Bench, made: T): Promise<string | undefined>;
  /** Where that comes from. */
  explain(bench: Bench, made: T): Promise<string>;
  print(made: T): string;
  parse(text: string): T;
}

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly dtype: FloatDType;
  readonly onRun?: () => void;
}

/** Failures are written here, to be replayed. */
const FOLDER = join(import.meta.dirname, '../../out/fuzz');

/** Draws and checks; what fails is shrunk, written to a file and explained. Undefined when nothing fails. */
export async function fuzz<T>(
  bench: Bench,
  subject: Subject<T>,
  { runs, seed, dtype, onRun }: FuzzOptions,
): Promise<string | undefined> {
  const property = fc.asyncProperty(subject.draw(dtype), async (made) => {
    onRun?.();
    return (await subject.check(bench, made)) === undefined;
  });
  const { counterexample, numRuns } = await fc.check(property, { numRuns: runs, seed });
  if (!counterexample) return undefined;
  const [made] = counterexample;
  await mkdir(FOLDER, { recursive: true });
  const file = join(FOLDER, `${subject.name}-seed-${seed}-run-${numRuns}-${dtype}.txt`);
  await writeFile(file, subject.print(made));
  return `${await report(bench, subject, made)}\n\nAgain: npm run fuzz -- --replay ${relative(process.cwd(), file)}`;
}

/** What is printed of a failure; undefined when nothing is wrong. */
export async function report<T>(bench: Bench, subject: Subject<T>, made: T): Promise<string | undefined> {
  const problem = await subject.check(bench, made);
  if (problem === undefined) return undefined;
  const why = await subject.explain(bench, made).catch((error: unknown) => `It cannot be explained: ${error}`);
  return `${subject.print(made)}\n${problem}\n${why}`;
}
