import { shownImages, turnsOf } from '../conversation.ts';
import type { Golden } from '../golden.ts';
import { type Bench, departureOf, type VerifyTarget, withExecutor } from './bench.ts';
import type { Departure } from './findDeparture.ts';
import { converse, type GoldenRun, runGolden } from './runGolden.ts';

export interface TargetReport extends GoldenRun {
  readonly target: VerifyTarget;
  readonly tolerance: number;
  readonly greedyMatches: boolean;
  readonly passed: boolean;
  /** Set when the target failed: where it goes another way than the reference. */
  readonly departure?: Departure;
}

/** Above rounding of float32 sums in another order, far below a wrong formula (1e-3 and more). */
const F32_TOLERANCE = { reference: 1e-5, onnx: 5e-5, webgpu: 5e-5 } as const;
/** On top of what quantising itself does, which targets are not compared across. */
const QUANTIZED_TOLERANCE = 1e-4;
/** What rounding does; bf16 has three bits less. */
const HALF_TOLERANCE = { f16: 2e-2, bf16: 1e-1 } as const;

/** Compares logits of every position, in chunks and token by token, tokens of images and the greedy continuation. */
export async function verifyConversation(
  bench: Bench,
  target: VerifyTarget,
  golden: Golden,
  wantedTolerance: number | undefined,
): Promise<TargetReport> {
  const { dtype, program, settings } = bench;
  const run = await withExecutor(bench, target, program, (executor) => runGolden(executor, golden, settings.signal));
  const full = settings.quantized?.size ? QUANTIZED_TOLERANCE : F32_TOLERANCE[target];
  const tolerance = wantedTolerance ?? (dtype === 'f32' ? full : HALF_TOLERANCE[dtype]);
  const differences = [run.chunked, run.tokenByToken, run.betweenBoth, ...(run.imageTokens ? [run.imageTokens] : [])];
  const greedyMatches = golden.greedy.every((token, i) => run.greedy[i] === token);
  // In half precision a near tie may fall the other way, so tokens are reported but do not decide.
  const passed = differences.every(({ maxAbsolute }) => maxAbsolute <= tolerance) && (greedyMatches || dtype !== 'f32');
  const turns = () => turnsOf(golden.ids, shownImages(golden.images, program.entries.has('encodeImage')));
  const departure = passed ? undefined : await departureOf(bench, target, (executor) => converse(executor, turns()));
  return { target, tolerance, ...run, greedyMatches, passed, ...(departure ? { departure } : {}) };
}
