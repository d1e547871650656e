import { seededRandom } from '@casement/ir';
import type { Executor, HostTensor, ModelSignature } from '@casement/session';
import { drawInputs, type Random } from './drawInputs.ts';

/** A run of the reference: what it got and what it gave. */
export interface Run {
  readonly entry: string;
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly outputs: Readonly<Record<string, HostTensor>>;
}

/** An output of a run on an executor beside the reference's. */
export interface Comparison {
  readonly run: string;
  readonly output: string;
  /** Of the executor's. */
  readonly finite: boolean;
  readonly maxDifference: number;
  /** Of the reference's. */
  readonly maxMagnitude: number;
}

const TOKENS = 2;
const PATCHES_PER_TOKEN = 4;

/**
 * Shows an image to the reference and feeds text, first three tokens, then one: what a conversation needs. The decoder
 * gets the image tokens that the encoder gave.
 */
export async function recordRuns(reference: Executor): Promise<Run[]> {
  const { signature } = reference;
  const random = seededRandom(1);
  const runs: Run[] = [];
  const run = async (entry: string, inputs: Record<string, HostTensor>) => {
    const outputs = await reference.run(entry, inputs);
    runs.push({ entry, inputs, outputs });
    return outputs;
  };

  let image: Record<string, HostTensor> = {};
  if ('encodeImage' in signature.entries) {
    const patches = TOKENS * PATCHES_PER_TOKEN;
    const { image_embeds: embeds } = await run(
      'encodeImage',
      drawInputs(signature, 'encodeImage', { patches }, random),
    );
    if (embeds) image = { image_embeds: { ...embeds, shape: [1, ...embeds.shape] } };
  }
  let start = 0;
  if ('openWindow' in signature.entries) {
    await run('openWindow', { ...drawInputs(signature, 'openWindow', { image: TOKENS }, random), ...image });
  }
  if ('insertImage' in signature.entries) {
    await run('insertImage', { ...drawInputs(signature, 'insertImage', { seq: TOKENS }, random), ...image });
    start += TOKENS;
  }
  for (const seq of [3, 1]) {
    await run('step', stepInputs(signature, seq, random, start));
    start += seq;
  }
  return runs;
}

/** Random text, whose logits are all kept. */
function stepInputs(signature: ModelSignature, seq: number, random: Random, start: number): Record<string, HostTensor> {
  const places: HostTensor = { dtype: 'i32', shape: [seq], data: Int32Array.from({ length: seq }, (_, i) => i) };
  return { ...drawInputs(signature, 'step', { seq }, random, start), logits_to_keep: places };
}

/** Repeats the reference's runs on an executor, each on the reference's own inputs, and compares all outputs. */
export async function compareRuns(runs: readonly Run[], executor: Executor): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const { entry, inputs, outputs } of runs) {
    const found = await executor.run(entry, inputs);
    comparisons.push(...Object.entries(outputs).map(([name, wanted]) => compare(entry, name, found[name], wanted)));
  }
  return comparisons;
}

function compare(run: string, output: string, found: HostTensor | undefined, wanted: HostTensor): Comparison {
  const values = found?.data ?? [];
  let [maxDifference, maxMagnitude] = [values.length === wanted.data.length ? 0 : Number.POSITIVE_INFINITY, 0];
  wanted.data.forEach((value, i) => {
    const difference = Math.abs(value - (values[i] ?? Number.NaN));
    // Not `Math.max`, so that a NaN on either side counts.
    if (!(difference <= maxDifference)) maxDifference = difference;
    maxMagnitude = Math.max(maxMagnitude, Math.abs(value));
  });
  const finite = values.length > 0 && Array.from(values).every(Number.isFinite);
  return { run, output, finite, maxDifference, maxMagnitude };
}
