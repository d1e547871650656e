import type { Graph, HostTensor, Program } from '@casement/ir';
import type { Executor } from '@casement/session';
import { compileFor } from '../../packages/casement/src/artifact/compile.ts';
import { type Bench, TARGETS, type Target } from '../support/bench.ts';
import { type Answer, largestDifference, type ProgramCase, runCase } from '../support/programCase.ts';

/** How a target fails to answer as the reference does. */
export interface Disagreement {
  readonly target: Target;
  readonly problem: string;
}

/** Rounding in another order, through a dozen ops; a wrong index or size is off by 1e-2 and more. */
const TOLERANCE = { f32: 2e-5, f16: 2e-2 };

/** The largest difference, relative to the larger of 1 and the number itself, that is no mistake. */
export function toleranceOf({ params, entries }: Program): number {
  const values = [...params.values(), ...[...entries.values()].flatMap(({ inputs }) => inputs)];
  return TOLERANCE[values.some(({ type }) => type.dtype === 'f16') ? 'f16' : 'f32'];
}

/** Runs a case on every target, as `build` compiles it; outputs and states are compared after every call. */
export async function findDisagreement(bench: Bench, made: ProgramCase): Promise<Disagreement | undefined> {
  const expected = runCase(made);
  for (const target of TARGETS) {
    const problem = await problemOn(bench, target, made, expected);
    if (problem) return { target, problem };
  }
  return undefined;
}

/** The program that a target runs. */
export function compiledFor(target: Target, program: Program): Program {
  if (target === 'reference') return program;
  return target === 'webgpu' ? compileFor('webgpu', program) : compileFor('onnx', program, target);
}

async function problemOn(
  bench: Bench,
  target: Target,
  made: ProgramCase,
  expected: readonly Answer[],
): Promise<string | undefined> {
  try {
    const program = compiledFor(target, withLook(made.program));
    const executor = await bench.open(target, program, made.params);
    const answers = await runOn(executor, made);
    await executor.dispose();
    const difference = largestDifference(answers, expected);
    const allowed = toleranceOf(made.program);
    return difference <= allowed ? undefined : `differs by ${difference}, allowed are ${allowed}`;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const LOOK = 'look';

/** With an entry that gives the states as they are: executors show them only through entries. */
function withLook(program: Program): Program {
  if (program.states.size === 0) return program;
  const starts = [...program.states.values()].map(({ name, type }) => {
    const start = { kind: 'state', name, type, state: name } as const;
    return { state: name, start, end: start };
  });
  const outputs = starts.map(({ state, start }) => ({ name: state, value: start }));
  const look: Graph = { name: LOOK, inputs: [], states: starts, nodes: [], outputs };
  return { ...program, entries: new Map([...program.entries, [LOOK, look]]) };
}

async function runOn(executor: Executor, { program, calls }: ProgramCase): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { entry, inputs } of calls) {
    const outputs = await executor.run(entry, Object.fromEntries(inputs));
    const states = program.states.size === 0 ? {} : await executor.run(LOOK, {});
    answers.push({ outputs: tensors(outputs), states: tensors(states) });
  }
  return answers;
}

function tensors(record: Readonly<Record<string, HostTensor>>): ReadonlyMap<string, HostTensor> {
  return new Map(Object.entries(record));
}
