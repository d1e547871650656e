import type { Executor, HostTensor, HostTensors } from '@casement/session';
import { programSignature } from '@casement/session/reference';
import type { GoldenTensors } from '../goldenFile/readTensors.ts';
import { type Bench, departureOf, type VerifyTarget, withExecutor } from './bench.ts';
import { compareOutput, type OutputReport } from './compareOutput.ts';
import { continueGreedily } from './continueGreedily.ts';
import type { Departure } from './findDeparture.ts';
import { type GoldenScript, runScript } from './goldenScript.ts';
import { greedyEntry, type PlannedEntry, planRuns, requireCompared } from './planRuns.ts';

export interface TensorTargetReport {
  readonly target: VerifyTarget;
  /** Largest absolute difference of floats that passes. */
  readonly tolerance: number;
  readonly outputs: readonly OutputReport[];
  readonly passed: boolean;
  /** Set when the target failed: where it goes another way than the reference. */
  readonly departure?: Departure;
}

/** Rounding of a few layers is ≤ 1e-5; every slip that was tried moves results by 3e-4 and more. */
const F32_TOLERANCE = 1e-4;
const HALF_TOLERANCE = 2e-2;

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
  const tolerance = wanted ?? (exactIntegers ? F32_TOLERANCE : HALF_TOLERANCE);
  const signature = programSignature(bench.program);
  const plan = planRuns(signature, golden);
  const drive = (executor: Executor) => makeOutputs(executor, plan, golden, script);
  const outputs: OutputReport[] = [];
  // What only a script can make is known when it has run.
  if (script === undefined) requireCompared(signature, golden, namesOf(plan, golden));
  await withExecutor(bench, target, bench.program, async (executor) => {
    for await (const { entry, output, results } of drive(executor)) {
      bench.settings.signal?.throwIfAborted();
      const held = golden.tensors[output];
      if (held) outputs.push({ entry, output, ...compareOutput(results, held, { tolerance, exactIntegers }) });
    }
  });
  requireCompared(signature, golden, new Set(outputs.map(({ output }) => output)));
  const passed = outputs.every((report) => report.passed);
  const departure = passed ? undefined : await departureOf(bench, target, drive);
  return { target, tolerance, outputs, passed, ...(departure ? { departure } : {}) };
}

/** Tensors of a golden that were neither given to the model nor compared with what it gives. */
export function unusedTensors(bench: Bench, golden: GoldenTensors, compared: readonly OutputReport[]): string[] {
  const plan = planRuns(programSignature(bench.program), golden);
  const used = new Set([
    ...plan.flatMap(({ runs }) => Object.keys(runs[0] ?? {})),
    ...compared.map(({ output }) => output),
  ]);
  return Object.keys(golden.tensors).filter((name) => !used.has(name));
}

/** An output, as each run of its entry gave it. */
interface Made {
  readonly entry: string | undefined;
  readonly output: string;
  readonly results: readonly HostTensor[];
}

async function* makeOutputs(
  executor: Executor,
  plan: readonly PlannedEntry[],
  golden: GoldenTensors,
  script: GoldenScript | undefined,
): AsyncGenerator<Made> {
  const scripted = script ? await runScript(script, executor, golden.tensors) : {};
  for (const [output, result] of Object.entries(scripted)) yield { entry: undefined, output, results: [result] };
  const isOpen = (output: string) => !Object.hasOwn(scripted, output);
  for (const { entry, runs, outputs } of plan) {
    const open = outputs.filter(isOpen);
    if (open.length === 0) continue;
    const results: HostTensors[] = [];
    for (const inputs of runs) results.push(await runFresh(executor, entry, inputs));
    for (const output of open) {
      yield { entry, output, results: results.flatMap((given) => (given[output] ? [given[output]] : [])) };
    }
  }
  const continued = isOpen('greedy') ? greedyEntry(plan, golden) : undefined;
  const [inputs] = continued?.runs ?? [];
  if (continued === undefined || inputs === undefined) return;
  const { entry } = continued;
  const specs = executor.signature.entries[entry]?.inputs ?? [];
  const count = golden.tensors.greedy?.shape.at(-1) ?? 0;
  const greedy = await continueGreedily((given) => runFresh(executor, entry, given), inputs, specs, count);
  yield { entry, output: 'greedy', results: [greedy] };
}

/** Runs an entry with empty states. */
async function runFresh(executor: Executor, entry: string, inputs: HostTensors): Promise<HostTensors> {
  await executor.reset();
  return executor.run(entry, inputs);
}

function namesOf(plan: readonly PlannedEntry[], golden: GoldenTensors): ReadonlySet<string> {
  const greedy = greedyEntry(plan, golden) ? ['greedy'] : [];
  return new Set([...plan.flatMap(({ outputs }) => outputs), ...greedy]);
}
