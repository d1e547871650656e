import type { Executor, HostTensor, HostTensors } from '@casement/session';
import type { GoldenTensors } from '../goldenFile/readTensors.ts';
import { continueGreedily } from './continueGreedily.ts';
import { type GoldenScript, runScript } from './goldenScript.ts';
import { greedyEntry, type PlannedEntry } from './planRuns.ts';

/** How the outputs of a golden come about. */
export interface Recipe {
  readonly plan: readonly PlannedEntry[];
  readonly golden: GoldenTensors;
  readonly script: GoldenScript | undefined;
}

/** An output, as each run of its entry gave it. */
export interface Made {
  readonly entry: string | undefined;
  readonly output: string;
  readonly results: readonly HostTensor[];
}

/**
 * Makes them on an executor, one after another: what the model file's script makes, then what the planned entries give,
 * then the greedy continuation. `onGiven` learns which of the golden's tensors went in.
 */
export async function* makeOutputs(
  executor: Executor,
  { plan, golden, script }: Recipe,
  onGiven: (name: string) => void = () => {},
): AsyncGenerator<Made> {
  const scripted = script ? await runScript(script, executor, golden.tensors, onGiven) : {};
  for (const [output, result] of Object.entries(scripted)) yield { entry: undefined, output, results: [result] };
  const isOpen = (output: string) => !Object.hasOwn(scripted, output);
  for (const { entry, runs, outputs } of plan) {
    const open = outputs.filter(isOpen);
    if (open.length === 0) continue;
    for (const name of Object.keys(runs[0] ?? {})) onGiven(name);
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
