import { describe, expect, it } from 'vitest';
import { bindDims, lengthsAfter } from './bind.ts';
import { countedDim, countedDims, withMost } from './counted-dims.ts';
import { evaluateGraph } from './evaluate.ts';
import { type HostTensor, tensorOf } from './tensor.ts';
import { parseProgram } from './text/parse.ts';
import { printProgram } from './text/print.ts';
import { verifyProgram } from './verify.ts';

const SOUND = `program counting
dim seq = 1 .. 8
dim kept = 0 .. 8
dim left = 0 .. 8
dim past = 0 .. 20
state $memory : f32[past 2] axis 0

entry main(%x : f32[seq 2], %keep : bool[seq]) {
  %found : i32[kept] = nonZero(%keep) {count=kept} in "pick" at "model.ts":3:7
  %rows : f32[kept 2] = gather(%x, %found) {axis=0}
  %index : i32[kept] = iota() {size=kept}
  %late : bool[kept] = less(%index, %found)
  %again : i32[left] = nonZero(%late) {count=left}
  %grown : f32[past+kept 2] = append($memory, %rows) {axis=0}
  keep $memory = %grown
  return rows = %rows
  return again = %again
}
`;
const program = parseProgram(SOUND);
const graph = program.entries.get('main') ?? expect.fail('no entry');

/** What the verifier says about the sound program with pieces of its text replaced. */
function complaint(...changes: readonly (readonly [from: string, to: string])[]): string {
  const text = changes.reduce((before, [from, to]) => {
    expect(before.split(from)).toHaveLength(2);
    return before.replace(from, to);
  }, SOUND);
  try {
    verifyProgram(parseProgram(text));
  } catch (error) {
    return String(error);
  }
  return 'no fault';
}

/** Runs the program on rows 0, 1, 2, … of two equal numbers, with `past` rows in memory. */
function run(flags: readonly number[], past = 0) {
  const given = new Map<string, HostTensor>([
    ['x', tensorOf('f32', [flags.length, 2], [...flags.keys()].flatMap((i) => [i, i]))], // biome-ignore format: a row
    ['keep', tensorOf('bool', [flags.length], flags)],
    ['memory', tensorOf('f32', [past, 2], new Array<number>(2 * past).fill(0))],
  ]);
  const shapes = new Map([...given].map(([name, { shape }]) => [name, shape]));
  const bindings = new Map(bindDims(program, graph, shapes, new Map([['past', past]])));
  const outputs = evaluateGraph(graph, graph.outputs.map(({ value }) => value), {
    given: ({ name }) => given.get(name) ?? expect.fail(`no ${name}`),
    bindings,
    onCount: (dim, value) => bindings.set(dim, value),
  }); // biome-ignore format: one call
  return { outputs, bindings };
}

describe('dims that nodes count', () => {
  it('survive verifying, printing and parsing', () => {
    verifyProgram(program);
    expect(parseProgram(printProgram(program))).toEqual(program);
    expect(graph.nodes.map(countedDim)).toEqual(['kept', undefined, undefined, undefined, 'left', undefined]);
  });

  it('are bound while the graph is evaluated', () => {
    const { outputs, bindings } = run([0, 1, 1, 0, 1, 0]);
    expect(outputs[0]).toEqual(tensorOf('f32', [3, 2], [1, 1, 2, 2, 4, 4]));
    expect(outputs[1]).toEqual(tensorOf('i32', [3], [0, 1, 2]));
    expect(Object.fromEntries(bindings)).toEqual({ past: 0, seq: 6, kept: 3, left: 3 });
    expect(lengthsAfter(program, graph, bindings)).toEqual(new Map([['past', 3]]));
  });

  it('may be nothing', () => {
    const { outputs, bindings } = run([0, 0]);
    expect(outputs.map(({ shape }) => shape)).toEqual([[0, 2], [0]]);
    expect(lengthsAfter(program, graph, bindings)).toEqual(new Map([['past', 0]]));
  });

  it('have a most, for planning', () => {
    expect([...countedDims(graph)].map(([name, most]) => `${name} ≤ ${most}`)).toEqual(['kept ≤ seq', 'left ≤ kept']);
    expect(withMost(graph, new Map([['seq', 5]]))).toEqual(new Map(Object.entries({ seq: 5, kept: 5, left: 5 })));
  });

  it('must fit into states at their most, whatever they are', () => {
    expect(run([1, 1], 18).bindings.get('kept')).toBe(2);
    expect(() => run([0, 0], 19)).toThrow(
      'main: the states counted by "past" hold 20 positions, 21 are needed; build with a larger capacity or reset them',
    );
  });
});

describe('the verifier wants counted dims', () => {
  it.each<[string, ...(readonly [string, string])[]]>([
    ['declared', ['dim kept = 0 .. 8\n', '']],
    ['to start at 0', ['dim kept = 0', 'dim kept = 1']],
    ['of any number', ['dim kept = 0 .. 8', 'dim kept = 0 .. 8 step 2']],
    ['with room for the most', ['dim kept = 0 .. 8', 'dim kept = 0 .. 7']],
    ['with room for what depends on another', ['dim left = 0 .. 8', 'dim left = 0 .. 4']],
    ['counted once', ['%again : i32[left]', '%again : i32[kept]'], ['{count=left}', '{count=kept}']],
    ['on no input', ['%x : f32[seq 2]', '%y : f32[kept], %x : f32[seq 2]']],
    [
      'on no state',
      ['state $memory', 'state $old : f32[kept] axis 0\nstate $memory'],
      ['keep $m', 'keep $old = $old\n  keep $m'],
    ],
    ['counted before they are used', ['  %found :', '  %early : i32[kept] = iota() {size=kept}\n  %found :']],
    ['to be names', ['{count=left}', '{count=left+1}']],
  ])('%s', (what, ...changes) => {
    expect({ [what]: complaint(...changes) }).toMatchSnapshot();
  });
});
