import { programSignature } from '@casement/session/reference';
import type { Golden } from '../golden.ts';
import type { GoldenTensors } from '../goldenFile/readTensors.ts';
import { answerByReference } from './answerByReference.ts';
import { type Bench, withExecutor } from './bench.ts';
import { compareTensors, type Difference } from './compare.ts';
import { compareOutput, type OutputReport } from './compareOutput.ts';
import type { GoldenScript } from './goldenScript.ts';
import { makeOutputs } from './makeOutputs.ts';
import { planRuns } from './planRuns.ts';

/**
 * What quantising makes of a model's answers: how far the reference, on dequantised weights, is from a golden of the
 * weights as they were. It decides nothing unless a tolerance is given.
 */
export interface QuantizationEffect {
  readonly tolerance: number | undefined;
  readonly passed: boolean;
  /** Of a conversation: logits of every position, and tokens of images. */
  readonly logits?: Difference;
  readonly imageTokens?: Difference;
  /** Tokens of the greedy continuation that are the same, before the first that is not. */
  readonly greedySame?: number;
  /** Of any other golden. */
  readonly outputs?: readonly OutputReport[];
}

/** A conversation as the reference has it on dequantised weights: what targets must agree with. */
export async function quantizedConversation(
  bench: Bench,
  golden: Golden,
  tolerance: number | undefined,
): Promise<{ readonly golden: Golden; readonly effect: QuantizationEffect }> {
  const answered = await answerByReference(bench, golden, golden.greedy.length);
  const flat = ({ logits: { dtype, data } }: Golden) => ({ dtype, shape: [data.length], data });
  const logits = compareTensors(flat(answered), flat(golden));
  const differs = golden.greedy.findIndex((token, i) => answered.greedy[i] !== token);
  const encoded = bench.program.entries.has('encodeImage') ? answered.images : [];
  const [imageTokens] = encoded
    .map(({ tokens }, i) => compareTensors(tokens.embeds, golden.images[i]?.tokens.embeds ?? tokens.embeds))
    .sort((a, b) => b.maxAbsolute - a.maxAbsolute);
  return {
    golden: answered,
    effect: {
      tolerance,
      passed: tolerance === undefined || logits.maxAbsolute <= tolerance,
      logits,
      ...(imageTokens ? { imageTokens } : {}),
      greedySame: differs < 0 ? golden.greedy.length : differs,
    },
  };
}

/** The same for tensors that entries take and give. */
export async function quantizedTensors(
  bench: Bench,
  golden: GoldenTensors,
  { script, tolerance }: { readonly script: GoldenScript | undefined; readonly tolerance: number | undefined },
): Promise<{ readonly golden: GoldenTensors; readonly effect: QuantizationEffect }> {
  const plan = planRuns(programSignature(bench.program), golden);
  const tensors = { ...golden.tensors };
  const outputs: OutputReport[] = [];
  const allowed = { tolerance: tolerance ?? Number.POSITIVE_INFINITY, exactIntegers: false };
  await withExecutor(bench, 'reference', bench.program, async (executor) => {
    for await (const { entry, output, results } of makeOutputs(executor, { plan, golden, script })) {
      const held = golden.tensors[output];
      const [first] = results;
      if (held === undefined || first === undefined) continue;
      outputs.push({ entry, output, ...compareOutput(results, held, allowed) });
      const stacked = results.length > 1 && held.data.length === results.length * first.data.length;
      const data = stacked ? Float32Array.from(results.flatMap((result) => Array.from(result.data))) : first.data;
      tensors[output] = { dtype: held.dtype, shape: stacked ? [results.length, ...first.shape] : first.shape, data };
    }
  });
  const passed = tolerance === undefined || outputs.every((report) => report.passed);
  return { golden: { ...golden, tensors }, effect: { tolerance, passed, outputs } };
}
