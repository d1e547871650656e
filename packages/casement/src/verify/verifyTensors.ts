import type { Executor } from '@casement/session';
import { programSignature } from '@casement/session/reference';
import type { GoldenTensors } from '../goldenFile/readTensors.ts';
import { type Bench, departureOf, type VerifyTarget, withExecutor } from './bench.ts';
import { compareOutput, type OutputReport } from './compareOutput.ts';
import type { Departure } from './findDeparture.ts';
import type { GoldenScript } from './goldenScript.ts';
import { makeOutputs } from './makeOutputs.ts';
import { greedyEntry, type PlannedEntry, planRuns, requireCompared } from './planRuns.ts';

export interface TensorTargetReport {
  readonly target: VerifyTarget;
  /** Largest absolute difference of floats that passes. */
  readonly tolerance: number;
  readonly outputs: readonly OutputReport[];
  /** Tensors of the golden that were neither given to the model nor compared with what it gives. */
  readonly unused: readonly string[];
  readonly passed: boolean;
  /** Set when the target failed: where it goes another way than the reference. */
  readonly departure?: Departure;
}

/** Rounding of a few layers is ≤ 1e-5; every slip that was tried moves results by 3e-4 and more. */
const F32_TOLERANCE = 1e-4;
/** What rounding does; bf16 has three bits less. */
const HALF_TOLERANCE = { f16: 2e-2, bf16: 1e-1 } as const;

/**
 * Runs the entries that a golden has inputs for, compares all it holds of their outputs, and continues `input_ids`
 * greedily if it holds `greedy`. Throws UserError when there is nothing to compare, or not all of its outputs are.
 */
export async function verifyTensors(
  bench: Bench,
  target: VerifyTarget,
  golden: GoldenTensors,
  {
    script,
    tolerance: wanted,
  }: { readonly script?: GoldenScript | undefined; readonly tolerance?: number | undefined },
): Promise<TensorTargetReport> {
  const exactIntegers = bench.dtype === 'f32';
  const tolerance = wanted ?? (bench.dtype === 'f32' ? F32_TOLERANCE : HALF_TOLERANCE[bench.dtype]);
  const signature = programSignature(bench.program);
  const plan = planRuns(signature, golden);
  const recipe = { plan, golden, script };
  const outputs: OutputReport[] = [];
  const used = new Set<string>();
  // What only a script can make is known when it has run.
  if (script === undefined) requireCompared(signature, golden, namesOf(plan, golden));
  await withExecutor(bench, target, bench.program, async (executor) => {
    for await (const { entry, output, results } of makeOutputs(executor, recipe, (name) => used.add(name))) {
      bench.settings.signal?.throwIfAborted();
      used.add(output);
      const held = golden.tensors[output];
      if (held) outputs.push({ entry, output, ...compareOutput(results, held, { tolerance, exactIntegers }) });
    }
  });
  requireCompared(signature, golden, new Set(outputs.map(({ output }) => output)));
  const passed = outputs.every((report) => report.passed);
  const drive = (executor: Executor) => makeOutputs(executor, recipe);
  const departure = passed ? undefined : await departureOf(bench, target, drive);
  const unused = Object.keys(golden.tensors).filter((name) => !used.has(name));
  return { target, tolerance, outputs, unused, passed, ...(departure ? { departure } : {}) };
}

function namesOf(plan: readonly PlannedEntry[], golden: GoldenTensors): ReadonlySet<string> {
  const greedy = greedyEntry(plan, golden) ? ['greedy'] : [];
  return new Set([...plan.flatMap(({ outputs }) => outputs), ...greedy]);
}
