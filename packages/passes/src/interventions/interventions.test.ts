import { IrError, type Program, parseProgram, printGraph } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { knockout } from './knockout.ts';
import { patch } from './patch.ts';
import { tap } from './tap.ts';

/** Two layers, the second with attention over a cache; the first and `gate` see the input x. */
const program = parseProgram(`program p
dim seq = 1 .. 8
dim past = 0 .. 8
state $k : f32[1 past 1 4] axis 1
state $v : f32[1 past 1 4] axis 1
entry step(%x : f32[1 seq 4], %positions : i32[seq]) {
  %gate : f32[1 seq 4] = sigmoid(%x) in "model"
  %dead : f32[1 seq 4] = exp(%x) in "model.dead"
  %neg_0 : f32[1 seq 4] = neg(%x) in "model.layers.0"
  %mul_0 : f32[1 seq 4] = mul(%neg_0, %neg_0) in "model.layers.0.mlp"
  %heads : f32[1 seq 1 4] = reshape(%mul_0) {shape=[1 seq 1 4]} in "model.layers.1.self_attn"
  %k1 : f32[1 past+seq 1 4] = append($k, %heads) {axis=1} in "model.layers.1.self_attn"
  %v1 : f32[1 past+seq 1 4] = append($v, %heads) {axis=1} in "model.layers.1.self_attn"
  %seen : f32[1 seq 1 4] = attention(%heads, %k1, %v1) {causal=true, scale=0.5} in "model.layers.1.self_attn"
  %flat : f32[1 seq 4] = reshape(%seen) {shape=[1 seq 4]} in "model.layers.1.self_attn"
  %sum : f32[1 seq 4] = add(%flat, %gate) in "model.layers.1"
  keep $k = %k1
  keep $v = %v1
  return y = %sum
}
`);

function body(changed: Program, entry: string): string {
  const graph = changed.entries.get(entry);
  return graph ? `\n${printGraph(graph).join('\n')}\n` : 'none';
}

function problem(run: () => unknown): string {
  try {
    run();
    return 'no error';
  } catch (error) {
    if (error instanceof IrError) return error.message;
    throw error;
  }
}

describe('tap', () => {
  it('adds an output, or a stack of several', () => {
    const once = tap(program, { entry: 'step', as: 'tapped', at: { after: 'model.layers.0' }, output: 'h' });
    expect(once.entries.get('step')).toBe(program.entries.get('step'));
    const at = [{ value: 'gate' }, { after: 'model.layers.*' }] as const;
    const stacked = tap(once, { entry: 'tapped', at, output: 'all' });
    expect(body(stacked, 'tapped')).toMatchInlineSnapshot(`
      "
      entry tapped(%x : f32[1 seq 4], %positions : i32[seq]) {
        %gate : f32[1 seq 4] = sigmoid(%x) in "model"
        %dead : f32[1 seq 4] = exp(%x) in "model.dead"
        %neg_0 : f32[1 seq 4] = neg(%x) in "model.layers.0"
        %mul_0 : f32[1 seq 4] = mul(%neg_0, %neg_0) in "model.layers.0.mlp"
        %heads : f32[1 seq 1 4] = reshape(%mul_0) {shape=[1 seq 1 4]} in "model.layers.1.self_attn"
        %k1 : f32[1 past+seq 1 4] = append($k, %heads) {axis=1} in "model.layers.1.self_attn"
        %v1 : f32[1 past+seq 1 4] = append($v, %heads) {axis=1} in "model.layers.1.self_attn"
        %seen : f32[1 seq 1 4] = attention(%heads, %k1, %v1) {causal=true, scale=0.5} in "model.layers.1.self_attn"
        %flat : f32[1 seq 4] = reshape(%seen) {shape=[1 seq 4]} in "model.layers.1.self_attn"
        %sum : f32[1 seq 4] = add(%flat, %gate) in "model.layers.1"
        %tap.stack_0 : f32[3 1 seq 4] = stack(%gate, %mul_0, %sum)
        keep $k = %k1
        keep $v = %v1
        return y = %sum
        return h = %mul_0
        return all = %tap.stack_0
      }
      "
    `);
    expect([...stacked.entries.keys()]).toEqual(['step', 'tapped']);
  });

  it('reads what attention sees', () => {
    const changed = tap(program, { entry: 'step', at: { attention: 'model.layers.1' }, output: 'weights' });
    const output = changed.entries.get('step')?.outputs.at(-1);
    expect(output?.value.type.shape.map(String)).toEqual(['1', '1', 'seq', 'past + seq']);
  });
});

describe('patch', () => {
  it('replaces rows of what leaves a scope, for all who see it', () => {
    expect(body(patch(program, { entry: 'step', at: { after: 'model.layers.*' } }), 'step')).toMatchInlineSnapshot(`
      "
      entry step(%x : f32[1 seq 4], %positions : i32[seq], %site : i32[], %rows : i32[patched], %values : f32[1 patched 4]) {
        %gate : f32[1 seq 4] = sigmoid(%x) in "model"
        %dead : f32[1 seq 4] = exp(%x) in "model.dead"
        %neg_0 : f32[1 seq 4] = neg(%x) in "model.layers.0"
        %mul_0 : f32[1 seq 4] = mul(%neg_0, %neg_0) in "model.layers.0.mlp"
        %patch.iota_0 : i32[seq] = iota() {size=seq}
        %patch.reshape_0 : i32[seq 1] = reshape(%patch.iota_0) {shape=[seq 1]}
        %patch.reshape_1 : i32[1 patched] = reshape(%rows) {shape=[1 patched]}
        %patch.equal_0 : bool[seq patched] = equal(%patch.reshape_0, %patch.reshape_1)
        %patch.cast_0 : f32[seq patched] = cast(%patch.equal_0) {to="f32"}
        %patch.constant_0 : f32[] = constant() {dtype="f32", shape=[], values=[0.5]}
        %patch.reduceMax_0 : f32[seq 1] = reduceMax(%patch.cast_0) {axis=1, keepDims=true}
        %patch.less_0 : bool[seq 1] = less(%patch.constant_0, %patch.reduceMax_0)
        %patch.argMax_0 : i32[seq] = argMax(%patch.cast_0) {axis=1, keepDims=false}
        %patch.gather_0 : f32[1 seq 4] = gather(%values, %patch.argMax_0) {axis=1}
        %patch.constant_1 : i32[] = constant() {dtype="i32", shape=[], values=[0]} in "model.layers.0"
        %patch.equal_1 : bool[] = equal(%site, %patch.constant_1) in "model.layers.0"
        %patch.and_0 : bool[seq 1] = and(%patch.less_0, %patch.equal_1) in "model.layers.0"
        %patch.where_0 : f32[1 seq 4] = where(%patch.and_0, %patch.gather_0, %mul_0) in "model.layers.0"
        %heads : f32[1 seq 1 4] = reshape(%patch.where_0) {shape=[1 seq 1 4]} in "model.layers.1.self_attn"
        %k1 : f32[1 past+seq 1 4] = append($k, %heads) {axis=1} in "model.layers.1.self_attn"
        %v1 : f32[1 past+seq 1 4] = append($v, %heads) {axis=1} in "model.layers.1.self_attn"
        %seen : f32[1 seq 1 4] = attention(%heads, %k1, %v1) {causal=true, scale=0.5} in "model.layers.1.self_attn"
        %flat : f32[1 seq 4] = reshape(%seen) {shape=[1 seq 4]} in "model.layers.1.self_attn"
        %sum : f32[1 seq 4] = add(%flat, %gate) in "model.layers.1"
        %patch.constant_2 : i32[] = constant() {dtype="i32", shape=[], values=[1]} in "model.layers.1"
        %patch.equal_2 : bool[] = equal(%site, %patch.constant_2) in "model.layers.1"
        %patch.and_1 : bool[seq 1] = and(%patch.less_0, %patch.equal_2) in "model.layers.1"
        %patch.where_1 : f32[1 seq 4] = where(%patch.and_1, %patch.gather_0, %sum) in "model.layers.1"
        keep $k = %k1
        keep $v = %v1
        return y = %patch.where_1
      }
      "
    `);
  });

  it('replaces what enters a scope for that scope alone', () => {
    const changed = patch(program, { entry: 'step', at: { before: 'model.layers.0' } });
    const nodes = changed.entries.get('step')?.nodes ?? [];
    const seen = (name: string) => nodes.find((node) => node.outputs[0]?.name === name)?.inputs[0]?.name;
    expect([seen('gate'), seen('neg_0')]).toEqual(['x', 'patch.where_0']);
  });

  it('may be had twice, with inputs of other names; the second sees the first', () => {
    const first = patch(program, { entry: 'step', at: { after: 'model.layers.0' } });
    const inputs = { site: 'site2', rows: 'rows2', values: 'values2' };
    const both = patch(first, { entry: 'step', at: { before: 'model.layers.1.self_attn' }, inputs });
    const graph = both.entries.get('step');
    const where = graph?.nodes.filter(({ op }) => op.name === 'where').map((node) => node.inputs[2]?.name);
    expect(where).toEqual(['mul_0', 'patch.where_0']);
    expect([...both.dims.keys()]).toEqual(['seq', 'past', 'patched', 'patched2']);
    expect(problem(() => patch(first, { entry: 'step', at: { after: 'model.layers.0' } }))).toContain('"site" already');
  });
});

describe('knockout', () => {
  it('masks the attentions of its scopes', () => {
    const at = 'model.layers.1.self_attn';
    expect(body(knockout(program, { entry: 'step', as: 'blind', at }), 'blind')).toMatchInlineSnapshot(`
      "
      entry blind(%x : f32[1 seq 4], %positions : i32[seq], %layers : i32[1], %rows : i32[seq], %columns : i32[past+seq]) {
        %knockout.constant_0 : i32[] = constant() {dtype="i32", shape=[], values=[0]}
        %knockout.less_0 : bool[seq] = less(%knockout.constant_0, %rows)
        %knockout.reshape_0 : bool[1 1 seq 1] = reshape(%knockout.less_0) {shape=[1 1 seq 1]}
        %knockout.less_1 : bool[past+seq] = less(%knockout.constant_0, %columns)
        %knockout.reshape_1 : bool[1 1 1 past+seq] = reshape(%knockout.less_1) {shape=[1 1 1 past+seq]}
        %knockout.and_0 : bool[1 1 seq past+seq] = and(%knockout.reshape_0, %knockout.reshape_1)
        %knockout.not_0 : bool[1 1 seq past+seq] = not(%knockout.and_0)
        %knockout.lessOrEqual_0 : bool[1] = lessOrEqual(%layers, %knockout.constant_0)
        %knockout.slice_0 : bool[1] = slice(%knockout.lessOrEqual_0) {axis=0, start=0, size=1}
        %knockout.reshape_2 : bool[1 1 1 1] = reshape(%knockout.slice_0) {shape=[1 1 1 1]}
        %knockout.or_0 : bool[1 1 seq past+seq] = or(%knockout.not_0, %knockout.reshape_2)
        %gate : f32[1 seq 4] = sigmoid(%x) in "model"
        %dead : f32[1 seq 4] = exp(%x) in "model.dead"
        %neg_0 : f32[1 seq 4] = neg(%x) in "model.layers.0"
        %mul_0 : f32[1 seq 4] = mul(%neg_0, %neg_0) in "model.layers.0.mlp"
        %heads : f32[1 seq 1 4] = reshape(%mul_0) {shape=[1 seq 1 4]} in "model.layers.1.self_attn"
        %k1 : f32[1 past+seq 1 4] = append($k, %heads) {axis=1} in "model.layers.1.self_attn"
        %v1 : f32[1 past+seq 1 4] = append($v, %heads) {axis=1} in "model.layers.1.self_attn"
        %seen : f32[1 seq 1 4] = attention(%heads, %k1, %v1, %knockout.or_0) {causal=true, scale=0.5} in "model.layers.1.self_attn"
        %flat : f32[1 seq 4] = reshape(%seen) {shape=[1 seq 4]} in "model.layers.1.self_attn"
        %sum : f32[1 seq 4] = add(%flat, %gate) in "model.layers.1"
        keep $k = %k1
        keep $v = %v1
        return y = %sum
      }
      "
    `);
  });

  it('joins the masks that are there', () => {
    const at = 'model.layers.1';
    const inputs = { layers: 'layers2', rows: 'rows2', columns: 'columns2' };
    const twice = knockout(knockout(program, { entry: 'step', at }), { entry: 'step', at, inputs });
    const attention = twice.entries.get('step')?.nodes.find(({ op }) => op.name === 'attention');
    expect(attention?.inputs.map(({ name }) => name)).toEqual(['heads', 'k1', 'v1', 'knockout.and_2']);
  });
});

describe('what is not there is answered with what is', () => {
  const at = { after: 'model.layers.0' } as const;
  it.each([
    ['an entry', () => tap(program, { entry: 'steps', at, output: 'h' })],
    ['a new name that is taken', () => tap(program, { entry: 'step', as: 'step', at, output: 'h' })],
    ['an output that is taken', () => tap(program, { entry: 'step', at, output: 'y' })],
    ['a scope', () => tap(program, { entry: 'step', at: { after: 'model.layer.0' }, output: 'h' })],
    ['a pattern', () => tap(program, { entry: 'step', at: { after: 'layers.*' }, output: 'h' })],
    ['a value', () => tap(program, { entry: 'step', at: { value: 'mul_1' }, output: 'h' })],
    ['one value', () => tap(program, { entry: 'step', at: { before: 'model.layers.1' }, output: 'h' })],
    ['any value', () => tap(program, { entry: 'step', at: { after: 'model.dead' }, output: 'h' })],
    ['one type', () => tap(program, { entry: 'step', at: [at, { value: 'heads' }], output: 'h' })],
    ['an attention', () => knockout(program, { entry: 'step', at: 'model.layers.0' })],
    ['a map', () => tap(program, { entry: 'step', at: { attention: 'model.layers.0.mlp' }, output: 'h' })],
    ['rows', () => patch(program, { entry: 'step', at: { value: 'positions' } })],
    ['one type of rows', () => patch(program, { entry: 'step', at: [at, { value: 'heads' }] })],
  ])('%s', (_, run) => {
    expect(problem(run)).toMatchSnapshot();
  });
});
