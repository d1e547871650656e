import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FloatDType } from '@casement/ir';
import fc from 'fast-check';
import type { Bench } from '../support/bench.ts';
import { type ProgramCase, printCase } from '../support/programCase.ts';
import { randomProgram } from '../support/randomProgram.ts';
import { explainDeparture } from './explainDeparture.ts';
import { findDisagreement } from './findDisagreement.ts';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly dtype: FloatDType;
  readonly onRun?: () => void;
}

/** Failures are written here, to be replayed. */
const FOLDER = join(import.meta.dirname, '../../out/fuzz');

/**
 * Runs random programs on every target. When one does not answer as the reference does, it is shrunk, written to a file
 * and explained: returns the report, or undefined when all agree.
 */
export async function fuzzPrograms(
  bench: Bench,
  { runs, seed, dtype, onRun }: FuzzOptions,
): Promise<string | undefined> {
  const property = fc.asyncProperty(randomProgram({ dtype }), async (made) => {
    onRun?.();
    return (await findDisagreement(bench, made)) === undefined;
  });
  const { counterexample, numRuns } = await fc.check(property, { numRuns: runs, seed });
  const [made] = counterexample ?? [];
  if (made === undefined) return undefined;
  const file = await keep(made, `seed-${seed}-run-${numRuns}-${dtype}.txt`);
  const replay = `npm run fuzz -- --replay ${relative(process.cwd(), file)}`;
  return `${await reportCase(bench, made)}\n\nAgain: ${replay}\n`;
}

/** The case and what is wrong with it; undefined when nothing is. */
export async function reportCase(bench: Bench, made: ProgramCase): Promise<string | undefined> {
  const found = await findDisagreement(bench, made);
  if (!found) return undefined;
  const why = await explainDeparture(bench, found.target, made).catch(String);
  return `${printCase(made)}\n${found.target}: ${found.problem}\n${why}`;
}

async function keep(made: ProgramCase, name: string): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const file = join(FOLDER, name);
  await writeFile(file, printCase(made));
  return file;
}
