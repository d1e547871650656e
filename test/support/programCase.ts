import {
  allocate,
  bindDims,
  drawTensor,
  elementCount,
  evaluateGraph,
  type Graph,
  type HostTensor,
  isFloat,
  lengthDim,
  type Program,
  parseProgram,
  printProgram,
  resolveShape,
  seededRandom,
  seedOf,
  type TensorType,
  type Value,
} from '@casement/ir';

/** A program with weights and a sequence of calls, which every executor must answer alike. */
export interface ProgramCase {
  readonly program: Program;
  readonly params: ReadonlyMap<string, HostTensor>;
  readonly calls: readonly Call[];
}

export interface Call {
  readonly entry: string;
  readonly inputs: ReadonlyMap<string, HostTensor>;
  /** Sizes of the dims of its inputs; with the program's text they make the case again. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** What a call gives: its outputs, and the states that have been changed so far. */
export interface Answer {
  readonly outputs: ReadonlyMap<string, HostTensor>;
  readonly states: ReadonlyMap<string, HostTensor>;
}

/** Integer inputs are drawn below this, so tables that they index have as many rows. */
export const ROWS = 11;

/** Draws weights and inputs; the numbers depend on nothing but names and sizes, so that a printed case runs again. */
export function programCase(program: Program, plan: readonly Pick<Call, 'entry' | 'sizes'>[]): ProgramCase {
  const params = [...program.params.values()].map(({ name, type }) => [name, drawn(type, {}, 'unit', name)] as const);
  const calls = plan.map(({ entry, sizes }, turn) => {
    const graph = graphOf(program, entry);
    const inputs = graph.inputs.map(
      ({ name, type }) => [name, drawn(type, sizes, 'normal', `${turn} ${entry} ${name}`)] as const,
    );
    return { entry, sizes, inputs: new Map(inputs) };
  });
  return { program, params: new Map(params), calls };
}

/** The program's text and its calls; `parseCase` reads it back. */
export function printCase({ program, calls }: ProgramCase): string {
  const lines = calls.map(({ entry, sizes }) => {
    const printed = Object.entries(sizes).map(([name, size]) => ` ${name}=${size}`);
    return `call ${entry}${printed.join('')}\n`;
  });
  return `${printProgram(program)}\n${lines.join('')}`;
}

export function parseCase(text: string): ProgramCase {
  const lines = text.split('\n');
  const plan = lines
    .filter((line) => line.startsWith('call '))
    .map((line) => {
      const [entry = '', ...sizes] = line.slice(5).split(' ');
      return {
        entry,
        sizes: Object.fromEntries(sizes.map((size) => [size.split('=')[0], Number(size.split('=')[1])])),
      };
    });
  return programCase(parseProgram(lines.filter((line) => !line.startsWith('call ')).join('\n')), plan);
}

/** Answers by the reference evaluator. `onResult` sees every value of every call. */
export function runCase(
  { program, params, calls }: ProgramCase,
  onResult?: (turn: number, value: Value, tensor: HostTensor) => void,
): Answer[] {
  let states: ReadonlyMap<string, HostTensor> = new Map();
  let lengths: ReadonlyMap<string, number> = new Map([...program.states.values()].map((decl) => [lengthDim(decl), 0]));
  return calls.map(({ entry, inputs }, turn) => {
    const graph = graphOf(program, entry);
    const shapes = new Map([...inputs].map(([name, { shape }]) => [name, shape]));
    const bindings = bindDims(program, graph, shapes, lengths);
    const given = ({ kind, name, type }: Value): HostTensor => {
      const known = { input: inputs, param: params, state: states, result: new Map<string, HostTensor>() }[kind].get(
        name,
      );
      if (known || kind !== 'state') return known ?? missing(name);
      return empty(type, resolveShape(type.shape, bindings));
    };
    const ends = graph.states.map(({ end }) => end);
    const wanted = [...graph.outputs.map(({ value }) => value), ...ends];
    const results = evaluateGraph(graph, wanted, {
      given,
      bindings,
      ...(onResult ? { onResult: (value: Value, tensor: HostTensor) => onResult(turn, value, tensor) } : {}),
    });
    const at = (i: number): HostTensor => results[i] ?? missing(`result ${i}`);
    const changed = graph.states.flatMap(({ state, start, end }, i) =>
      end === start ? [] : [[state, at(graph.outputs.length + i)] as const],
    );
    states = new Map([...states, ...changed]);
    lengths = new Map([...lengths, ...changed.map(([state, tensor]) => lengthOf(program, state, tensor))]);
    return { outputs: new Map(graph.outputs.map(({ name }, i) => [name, at(i)])), states };
  });
}

/**
 * The largest difference between two lists of answers, relative to the larger of 1 and the number itself. NaN and
 * infinities differ from everything but themselves; so do other shapes and dtypes (the result is Infinity then).
 */
export function largestDifference(actual: readonly Answer[], expected: readonly Answer[]): number {
  if (actual.length !== expected.length) return Infinity;
  const differences = expected.flatMap((answer, turn) =>
    (['outputs', 'states'] as const).flatMap((kind) =>
      [...answer[kind]].map(([name, tensor]) => tensorDifference(actual[turn]?.[kind].get(name), tensor)),
    ),
  );
  return Math.max(0, ...differences);
}

export function tensorDifference(actual: HostTensor | undefined, expected: HostTensor): number {
  if (actual?.dtype !== expected.dtype || String(actual.shape) !== String(expected.shape)) return Infinity;
  let worst = 0;
  expected.data.forEach((value, i) => {
    const other = actual.data[i];
    if (other === undefined || Object.is(other, value)) return;
    const difference = Math.abs(other - value) / Math.max(1, Math.abs(value));
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  });
  return worst;
}

function drawn({ dtype, shape }: TensorType, sizes: Call['sizes'], draw: 'unit' | 'normal', seed: string): HostTensor {
  const below = dtype === 'bool' ? 2 : dtype === 'u8' ? 256 : ROWS;
  const concrete = resolveShape(shape, new Map(Object.entries(sizes)));
  return drawTensor(dtype, concrete, isFloat(dtype) ? draw : { below }, seededRandom(seedOf(seed)));
}

function graphOf(program: Program, entry: string): Graph {
  return program.entries.get(entry) ?? missing(`entry ${entry}`);
}

function lengthOf(program: Program, state: string, { shape }: HostTensor): readonly [string, number] {
  const decl = program.states.get(state) ?? missing(`state ${state}`);
  return [lengthDim(decl), shape[decl.axis] ?? 0];
}

function empty({ dtype }: TensorType, shape: readonly number[]): HostTensor {
  return { dtype, shape, data: allocate(dtype, elementCount(shape)) };
}

function missing(what: string): never {
  throw new Error(`the case has no ${what}`);
}
