import { type Graph, lengthDim, type Program } from '@casement/ir';
import type { Executor, HostTensors } from '@casement/session';
import { type Bench, TARGETS, type Target } from '../support/bench.ts';
import { compiledFor } from '../support/compiledFor.ts';
import {
  type Answer,
  largestDifference,
  type ProgramCase,
  parseCase,
  printCase,
  runCase,
} from '../support/programCase.ts';
import { randomProgram } from '../support/randomProgram.ts';
import { explainDeparture } from './explainDeparture.ts';
import type { Subject } from './fuzz.ts';

/** Rounding in another order, through a dozen ops; a wrong index or size is off by 1e-2 and more. */
const TOLERANCE = { f32: 2e-5, f16: 2e-2 };

/** Small programs over all ops: outputs and states are the reference's after every call. */
export const programs: Subject<ProgramCase> = {
  name: 'program',
  draw: (dtype) => randomProgram({ dtype }),
  async check(bench, made) {
    const expected = runCase(made);
    for (const target of TARGETS) {
      const problem = await problemOn(bench, target, made, expected).catch((error: Error) => error.stack);
      if (problem) return `${target}: ${problem}`;
    }
    return undefined;
  },
  explain(bench, made) {
    const drive = (executor: Executor) => callsOn(executor, made);
    return explainDeparture(bench, made, drive, toleranceOf(made.program));
  },
  print: printCase,
  parse: parseCase,
};

async function problemOn(
  bench: Bench,
  target: Target,
  made: ProgramCase,
  expected: readonly Answer[],
): Promise<string | undefined> {
  const executor = await bench.open(target, compiledFor(target, withLook(made.program)), made.params);
  const answers: Answer[] = [];
  for await (const outputs of callsOn(executor, made)) {
    const states = made.program.states.size === 0 ? {} : await executor.run(LOOK, {});
    answers.push({ outputs: new Map(Object.entries(outputs)), states: new Map(Object.entries(states)) });
  }
  const { lengths } = executor;
  await executor.dispose();
  const [difference, allowed] = [largestDifference(answers, expected), toleranceOf(made.program)];
  if (difference > allowed) return `differs by ${difference}, allowed are ${allowed}`;
  const wrong = [...lengthsAfter(made.program, expected)].find(([dim, length]) => lengths.get(dim) !== length);
  return wrong && `says that ${wrong[0]} is ${lengths.get(wrong[0])}, not ${wrong[1]}`;
}

async function* callsOn(executor: Executor, { calls }: ProgramCase): AsyncGenerator<HostTensors> {
  for (const { entry, inputs } of calls) yield await executor.run(entry, Object.fromEntries(inputs));
}

const LOOK = 'look';

/** With an entry that gives the states as they are: executors show them only through entries. */
function withLook(program: Program): Program {
  if (program.states.size === 0) return program;
  const states = [...program.states.values()].map(({ name, type }) => {
    const start = { kind: 'state', name, type, state: name } as const;
    return { state: name, start, end: start };
  });
  const outputs = states.map(({ state, start }) => ({ name: state, value: start }));
  const look: Graph = { name: LOOK, inputs: [], states, nodes: [], outputs };
  return { ...program, entries: new Map([...program.entries, [LOOK, look]]) };
}

function lengthsAfter(program: Program, answers: readonly Answer[]): Map<string, number> {
  const last = answers.at(-1)?.states;
  const lengths = [...program.states.values()].map((decl) => {
    return [lengthDim(decl), last?.get(decl.name)?.shape[decl.axis] ?? 0] as const;
  });
  return new Map(lengths);
}

function toleranceOf({ params, entries }: Program): number {
  const values = [...params.values(), ...[...entries.values()].flatMap(({ inputs }) => inputs)];
  return TOLERANCE[values.some(({ type }) => type.dtype === 'f16') ? 'f16' : 'f32'];
}
