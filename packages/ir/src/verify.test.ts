import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { namedDim } from './dim.ts';
import { ops } from './ops/index.ts';
import { parseDim } from './parse-dim.ts';
import type { Graph, Node, Program } from './program.ts';
import { parseProgram } from './text/parse.ts';
import type { TensorType } from './types.ts';
import type { Value } from './value.ts';
import { verifyProgram } from './verify.ts';

const SOUND = `program sound
dim h = 2 .. 64 step 2
dim seq = 1 .. 8
dim past = 0 .. 16
param @w : f32[4 4]
state $keys : f32[1 past 4] axis 1
state $values : f32[1 past 4] axis 1

entry step(%x : f32[1 seq 4], %image : f32[h h]) {
  %y : f32[1 seq 4] = linear(%x, @w) {} in "layers.0" at "model.ts":3:7
  %k : f32[1 past+seq 4] = append($keys, %x) {axis=1}
  %v : f32[1 past+seq 4] = append($values, %y) {axis=1}
  %flat : f32[h*h/4 4] = reshape(%image) {shape=[h*h/4 4]}
  %sum : f32[1 4] = reduceSum(%v) {axis=1, keepDims=false}
  keep $keys = %k
  keep $values = %v
  return y = %y
  return sum = %sum
}
`;

/** What the verifier says about the sound program with one piece of its text replaced. */
function complaint(from: string, to: string): string {
  expect(SOUND.split(from)).toHaveLength(2);
  return faultOf(parseProgram(SOUND.replace(from, to)));
}

function faultOf(program: Program): string {
  try {
    verifyProgram(program);
  } catch (error) {
    return String(error);
  }
  return 'no fault';
}

/** The sound program with its entry changed by hand, for faults that the text form cannot hold. */
function withGraph(change: (graph: Graph) => Partial<Graph>): Program {
  const program = parseProgram(SOUND);
  const step = program.entries.get('step') ?? expect.fail('no entry');
  return { ...program, entries: new Map([['step', { ...step, ...change(step) }]]) };
}

function replaceNode(graph: Graph, result: string, change: (node: Node) => Partial<Node>): Partial<Graph> {
  return {
    nodes: graph.nodes.map((node) => (node.outputs[0]?.name === result ? { ...node, ...change(node) } : node)),
  };
}

it('accepts a sound program', () => {
  verifyProgram(parseProgram(SOUND));
});

describe('values', () => {
  it('must be defined before use', () => {
    const moved = withGraph(({ nodes: [y, ...rest] }) => ({ nodes: y ? [...rest, y] : [] }));
    expect(faultOf(moved)).toMatchInlineSnapshot(`"IrError: entry step: result "y" is used but not defined before"`);
    const stranger: Value = { kind: 'result', name: 'lost', type: { dtype: 'f32', shape: [1] } };
    expect(faultOf(withGraph(() => ({ outputs: [{ name: 'y', value: stranger }] })))).toMatchInlineSnapshot(
      `"IrError: entry step: result "lost" is used but not defined before"`,
    );
    const unlisted = withGraph((graph) => ({ states: graph.states.slice(1) }));
    expect(faultOf(unlisted)).toMatchInlineSnapshot(
      `"IrError: entry step: state "keys" is used but not defined before"`,
    );
    const ghost = withGraph((graph) => ({ states: graph.states.map((use) => ({ ...use, end: stranger })) }));
    expect(faultOf(ghost)).toMatchInlineSnapshot(`"IrError: entry step: result "lost" is used but not defined before"`);
  });

  it('have names of their own', () => {
    expect(complaint('%flat : f32[h*h/4 4] =', '%y : f32[h*h/4 4] =')).toMatchInlineSnapshot(
      `"IrError: entry step: the name "y" is defined twice"`,
    );
    expect(complaint('return sum', 'return y')).toMatchInlineSnapshot(
      `"IrError: entry step: two outputs are named "y""`,
    );
  });

  it('have names that can be printed', () => {
    const renamed = (graph: Graph) =>
      replaceNode(graph, 'sum', ({ outputs }) => ({ outputs: outputs.map((value) => ({ ...value, name: 'a sum' })) }));
    expect(faultOf(withGraph(renamed))).toMatchInlineSnapshot(
      `"IrError: entry step: the name "a sum" has characters other than letters, digits and _ . - / :"`,
    );
    const output = withGraph(({ outputs }) => ({ outputs: outputs.map(({ value }) => ({ name: 'Σ', value })) }));
    expect(faultOf(output)).toMatchInlineSnapshot(
      `"IrError: entry step: the name "Σ" has characters other than letters, digits and _ . - / :"`,
    );
  });

  it('have the types their ops give', () => {
    expect(complaint('%sum : f32[1 4]', '%sum : f32[4 1]')).toMatchInlineSnapshot(
      `"IrError: entry step: sum is declared f32[4 1], but reduceSum gives f32[1 4]"`,
    );
    expect(complaint('%y : f32[1 seq 4]', '%y : f16[1 seq 4]')).toMatchInlineSnapshot(`
      "IrError: entry step: y is declared f16[1 seq 4], but linear gives f32[1 seq 4]
        in layers.0
        at model.ts:3:7"
    `);
    const twice = withGraph((graph) =>
      replaceNode(graph, 'sum', ({ outputs }) => ({ outputs: outputs.flatMap((value) => [value, value]) })),
    );
    expect(faultOf(twice)).toMatchInlineSnapshot(`"IrError: entry step: reduceSum has 1 results, not 2"`);
  });

  it('are what their ops take', () => {
    expect(complaint('linear(%x, @w)', 'linear(%x, %x)')).toMatchInlineSnapshot(`
      "IrError: linear: the weight has 3 axes, f32[1 seq 4], but 2 are needed
        x: f32[1 seq 4]
        x: f32[1 seq 4]
        in layers.0
        at model.ts:3:7"
    `);
  });
});

describe('dims', () => {
  it('must be declared', () => {
    expect(complaint('dim seq = 1 .. 8\n', '')).toMatchInlineSnapshot(
      `"IrError: entry step: x: dim "seq" is not declared"`,
    );
    expect(complaint('dim h = 2 .. 64 step 2\n', '')).toMatchInlineSnapshot(
      `"IrError: entry step: image: dim "h" is not declared"`,
    );
    const attr = complaint('{shape=[h*h/4 4]}', '{shape=[h*h/4 4], rows=lost}');
    expect(attr).toMatchInlineSnapshot(`"IrError: entry step: dim "lost" is not declared"`);
    expect(complaint('dim past = 0 .. 16\n', '')).toMatchInlineSnapshot(
      `"IrError: state "keys": must grow along a declared dim, got f32[1 past 4] with axis 1"`,
    );
    expect(complaint('$keys : f32[1 past 4]', '$keys : f32[batch past 4]')).toMatchInlineSnapshot(
      `"IrError: state "keys": dim "batch" is not declared"`,
    );
  });

  it('must be whole for every binding', () => {
    expect(complaint('step 2', '')).toMatchInlineSnapshot(
      `"IrError: entry step: size h*h/4 is not a whole number for every value of its dims; declare a multipleOf"`,
    );
    expect(complaint('{shape=[h*h/4 4]}', '{shape=[h*h/4 4], rows=h/4}')).toMatchInlineSnapshot(
      `"IrError: entry step: size h/4 is not a whole number for every value of its dims; declare a multipleOf"`,
    );
  });

  it('must be sizes', () => {
    expect(complaint('@w : f32[4 4]', '@w : f32[-4 4]')).toMatchInlineSnapshot(
      `"IrError: param "w": -4 is no size; sizes are whole numbers, zero or more"`,
    );
    const half = withGraph(({ inputs }) => ({
      inputs: inputs.map((value) => ({ ...value, type: { dtype: 'f32', shape: [1.5] } satisfies TensorType })),
    }));
    expect(faultOf(half)).toMatchInlineSnapshot(
      `"IrError: entry step: x: 1.5 is no size; sizes are whole numbers, zero or more"`,
    );
  });

  it('need possible bounds and plain names', () => {
    expect(complaint('1 .. 8', '8 .. 1')).toMatchInlineSnapshot(
      `"IrError: dim "seq" has impossible bounds: 8 .. 1 step 1"`,
    );
    expect(complaint('step 2', 'step 0')).toMatchInlineSnapshot(
      `"IrError: dim "h" has impossible bounds: 2 .. 64 step 0"`,
    );
    expect(complaint('dim seq =', 'dim 2seq =')).toMatchInlineSnapshot(
      `"IrError: dim "2seq" needs a name of letters, digits and _"`,
    );
    const program = parseProgram(SOUND);
    const unlimited = new Map(program.dims).set('seq', { min: 1, max: Infinity, multipleOf: 1 });
    expect(faultOf({ ...program, dims: unlimited })).toMatchInlineSnapshot(
      `"IrError: dim "seq" has impossible bounds: 1 .. Infinity step 1"`,
    );
  });
});

describe('declarations', () => {
  it('are kept under their names', () => {
    const program = parseProgram(SOUND);
    const [step] = program.entries.values();
    const [w] = program.params.values();
    const [keys] = program.states.values();
    if (!step || !w || !keys) throw new Error('the sound program has all three');
    expect(faultOf({ ...program, entries: new Map([['other', step]]) })).toMatchInlineSnapshot(
      `"IrError: entry "other" holds the graph "step""`,
    );
    expect(faultOf({ ...program, params: new Map([['other', w]]) })).toMatchInlineSnapshot(
      `"IrError: param "other": holds param "w""`,
    );
    expect(faultOf({ ...program, params: new Map([['w', { ...w, kind: 'input' as const }]]) })).toMatchInlineSnapshot(
      `"IrError: param "w": holds input "w""`,
    );
    expect(faultOf({ ...program, states: new Map([['other', keys]]) })).toMatchInlineSnapshot(
      `"IrError: state "other": holds "keys""`,
    );
  });

  it('have names that can be printed', () => {
    const program = parseProgram(SOUND);
    const w: Value = { kind: 'param', name: 'w 1', type: { dtype: 'f32', shape: [1] } };
    expect(faultOf({ ...program, params: new Map([[w.name, w]]) })).toMatchInlineSnapshot(
      `"IrError: param "w 1": the name "w 1" has characters other than letters, digits and _ . - / :"`,
    );
    const shape = [1, namedDim('past'), 4];
    const keys = { name: 'keys.', type: { dtype: 'f32', shape } satisfies TensorType, axis: 1 };
    expect(faultOf({ ...program, states: new Map([[keys.name, keys]]) })).toMatchInlineSnapshot(
      `"IrError: state "keys.": the name "keys." has characters other than letters, digits and _ . - / :"`,
    );
    const step = new GraphBuilder('a step').finish();
    expect(faultOf({ ...program, entries: new Map([[step.name, step]]) })).toMatchInlineSnapshot(
      `"IrError: entry a step: an entry needs a name of letters, digits and _"`,
    );
  });

  it('give params fixed sizes', () => {
    expect(complaint('@w : f32[4 4]', '@w : f32[seq 4]')).toMatchInlineSnapshot(
      `"IrError: param "w": must have fixed sizes, got f32[seq 4]"`,
    );
  });

  it('give states a dim to grow along', () => {
    expect(complaint('$keys : f32[1 past 4] axis 1', '$keys : f32[1 past 4] axis 2')).toMatchInlineSnapshot(
      `"IrError: state "keys": must grow along a declared dim, got f32[1 past 4] with axis 2"`,
    );
    expect(complaint('$keys : f32[1 past 4]', '$keys : f32[1 2*past 4]')).toMatchInlineSnapshot(
      `"IrError: state "keys": must grow along a declared dim, got f32[1 2*past 4] with axis 1"`,
    );
  });
});

describe('states', () => {
  it('are not read after their update', () => {
    expect(complaint('reduceSum(%v)', 'reduceSum($values)')).toMatchInlineSnapshot(
      `"IrError: entry step: reduceSum reads an old version of state "values" after its update"`,
    );
    expect(complaint('return y = %y', 'return y = $keys')).toMatchInlineSnapshot(
      `"IrError: entry step: output "y" is an old version of state "keys"; return its newest"`,
    );
  });

  it('are updated once per version', () => {
    const twice = '\n  %again : f32[1 past+seq 4] = append($keys, %y) {axis=1}\n  keep $keys = %again\n';
    expect(complaint('\n  keep $keys = %k\n', twice)).toMatchInlineSnapshot(
      `"IrError: entry step: append reads an old version of state "keys" after its update"`,
    );
  });

  it('may be updated again from the new version', () => {
    const chain =
      '  %k2 : f32[1 past+2*seq 4] = append(%k, %y) {axis=1}\n' +
      '  %v2 : f32[1 past+2*seq 4] = append(%v, %y) {axis=1}\n' +
      '  keep $keys = %k2\n  keep $values = %v2\n';
    expect(complaint('  keep $keys = %k\n  keep $values = %v\n', chain)).toBe('no fault');
  });

  it('end as their last version', () => {
    expect(complaint('keep $keys = %k', 'keep $keys = $keys')).toMatchInlineSnapshot(
      `"IrError: entry step: state "keys" must end as its last version"`,
    );
  });

  it('that share a dim end equally long', () => {
    const twice = '  %v2 : f32[1 past+2*seq 4] = append(%v, %y) {axis=1}\n  keep $values = %v2\n';
    expect(complaint('  keep $values = %v\n', twice)).toMatchInlineSnapshot(
      `"IrError: entry step: states "keys" and "values" share the dim "past" but end with past + seq and past + 2*seq positions"`,
    );
  });

  it('that share a dim are changed together', () => {
    const alone = SOUND.replace('append($values, %y) {axis=1}', 'concat(%x, %y) {axis=1}')
      .replace('%v : f32[1 past+seq 4]', '%v : f32[1 2*seq 4]')
      .replace('  keep $values = %v\n', '');
    expect(faultOf(parseProgram(alone))).toMatchInlineSnapshot(
      `"IrError: entry step: changes the length of "past" but leaves state "values" as it is"`,
    );
  });

  it('may be left alone together', () => {
    const neither = SOUND.replaceAll(/ {2}(%[kv]|keep) .*\n/g, '').replace('reduceSum(%v)', 'reduceSum(%x)');
    expect(faultOf(parseProgram(neither))).toBe('no fault');
  });

  it('grow along their own axis alone', () => {
    const builder = new GraphBuilder('step');
    const program = parseProgram(SOUND);
    const keys = program.states.get('keys') ?? expect.fail('no state');
    const more = builder.input('more', { dtype: 'f32', shape: [1, namedDim('past'), 2] });
    builder.emit(ops.append, [builder.state(keys), more], { axis: 2 });
    const step = builder.finish();
    const states = new Map([['keys', keys]]);
    expect(faultOf({ ...program, states, entries: new Map([['step', step]]) })).toMatchInlineSnapshot(
      `"IrError: entry step: state "keys" is f32[1 past 4] and grows along axis 1 alone, but ends as f32[1 past 6]"`,
    );
  });

  it('are declared, and start as declared', () => {
    const program = parseProgram(SOUND);
    expect(faultOf({ ...program, states: new Map() })).toMatchInlineSnapshot(
      `"IrError: entry step: state "keys" is not declared"`,
    );
    const start: Value = { kind: 'state', name: 'keys', type: { dtype: 'f32', shape: [1, 2, 4] }, state: 'keys' };
    const fixed = withGraph(() => ({ nodes: [], outputs: [], states: [{ state: 'keys', start, end: start }] }));
    expect(faultOf(fixed)).toMatchInlineSnapshot(
      `"IrError: entry step: state "keys" is f32[1 past 4], used as f32[1 2 4]"`,
    );
    const crossed = withGraph(({ states: [keys, values] }) => ({
      nodes: [],
      outputs: [],
      states: keys && values ? [{ ...keys, start: values.start, end: values.start }] : [],
    }));
    expect(faultOf(crossed)).toMatchInlineSnapshot(`"IrError: entry step: state "keys" starts as state "values""`);
  });

  it('alone can be updated, into versions of themselves', () => {
    expect(complaint('append($keys, %x)', 'append(%x, $keys)')).toMatchInlineSnapshot(
      `"IrError: entry step: append updates x, which is no state"`,
    );
    const next: Value = { kind: 'result', name: 'k', type: { dtype: 'f32', shape: [1, parseDim('past + seq'), 4] } };
    const lost = withGraph((graph) => ({
      ...replaceNode(graph, 'k', () => ({ outputs: [next] })),
      states: graph.states.map((use) => (use.state === 'keys' ? { ...use, end: next } : use)),
    }));
    expect(faultOf(lost)).toMatchInlineSnapshot(`"IrError: entry step: append must give a version of "keys""`);
  });
});
