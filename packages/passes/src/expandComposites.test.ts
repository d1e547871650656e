import { type CompositeOp, findOp, ops, parseProgram, verifyProgram } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { body, entryOf, runPass } from '../../../test/support/passes.ts';
import { expandComposites } from './expandComposites.ts';

const MODEL = `program p
dim seq = 1 .. 4
param @w : f32[3 2]

entry main(%x : f32[1 seq 2], %up : f32[1 seq 3]) {
  %gate : f32[1 seq 3] = linear(%x, @w) in "mlp.gate" at "model.ts":3:5
  %mixed : f32[1 seq 3] = swiglu(%gate, %up) in "mlp" at "model.ts":4:5
  return mixed = %mixed
}
`;

describe('expandComposites', () => {
  it('expands composite ops, those inside them too, under the names of their results', () => {
    const { program, changed, notes, before } = runPass(
      expandComposites(() => false),
      MODEL,
    );
    expect(body(program)).toMatchInlineSnapshot(`
      "
        %gate.0 : f32[2 3] = transpose(@w) {perm=[1 0]} in "mlp.gate" at "model.ts":3:5
        %gate : f32[1 seq 3] = matmul(%x, %gate.0) in "mlp.gate" at "model.ts":3:5
        %mixed.0 : f32[1 seq 3] = sigmoid(%gate) in "mlp" at "model.ts":4:5
        %mixed.1 : f32[1 seq 3] = mul(%gate, %mixed.0) in "mlp" at "model.ts":4:5
        %mixed : f32[1 seq 3] = mul(%mixed.1, %up) in "mlp" at "model.ts":4:5
        return mixed = %mixed
      "
    `);
    expect(changed).toBe(true);
    expect(notes).toEqual([]);
    const [gate, mixed] = entryOf(before).nodes.map((node) => node.outputs[0]);
    const outputs = entryOf(program).nodes.flatMap((node) => node.outputs);
    expect(outputs).toContain(gate);
    expect(outputs).toContain(mixed);
    expect(entryOf(program).outputs).toEqual(entryOf(before).outputs);
  });

  it('keeps the ops it is told to, also inside others', () => {
    expect(
      body(
        runPass(
          expandComposites((name) => name !== 'swiglu'),
          MODEL,
        ).program,
      ),
    ).toMatchInlineSnapshot(`
      "
        %gate : f32[1 seq 3] = linear(%x, @w) in "mlp.gate" at "model.ts":3:5
        %mixed.0 : f32[1 seq 3] = silu(%gate) in "mlp" at "model.ts":4:5
        %mixed : f32[1 seq 3] = mul(%mixed.0, %up) in "mlp" at "model.ts":4:5
        return mixed = %mixed
      "
    `);
  });

  it('changes nothing when all are kept', () => {
    const { program, before, changed } = runPass(
      expandComposites(() => true),
      MODEL,
    );
    expect(changed).toBe(false);
    expect(program).toBe(before);
  });

  it('leaves nothing to expand the second time', () => {
    const once = expandComposites(() => false).run(parseProgram(MODEL)).program;
    expect(expandComposites(() => false).run(once)).toEqual({ program: once, changed: false, notes: [] });
  });

  it('names a result that is an operand as it came', () => {
    const passThrough: CompositeOp = {
      ...ops.silu,
      name: 'passThrough',
      expand: (_emit, inputs) => inputs,
    };
    const text = MODEL.replace('linear(%x, @w)', 'passThrough(%up)');
    const program = parseProgram(text, (name) => (name === 'passThrough' ? passThrough : findOp(name)));
    const expanded = expandComposites((name) => name !== 'passThrough').run(program).program;
    verifyProgram(expanded);
    expect(body(expanded)).toMatchInlineSnapshot(`
      "
        %gate : f32[1 seq 3] = reshape(%up) {shape=[1 seq 3]} in "mlp.gate" at "model.ts":3:5
        %mixed : f32[1 seq 3] = swiglu(%gate, %up) in "mlp" at "model.ts":4:5
        return mixed = %mixed
      "
    `);
  });

  it('keeps the order in which a state is read and updated', () => {
    const text = `program p
dim seq = 1 .. 4
dim past = 0 .. 8
state $keys : f32[1 past 1 2] axis 1
state $values : f32[1 past 1 2] axis 1

entry main(%q : f32[1 seq 1 2]) {
  %k : f32[1 past+seq 1 2] = append($keys, %q) {axis=1}
  %v : f32[1 past+seq 1 2] = append($values, %q) {axis=1}
  %y : f32[1 seq 1 2] = attention(%q, %k, %v) {causal=true, scale=0.5}
  keep $keys = %k
  keep $values = %v
  return y = %y
}
`;
    const { program, before } = runPass(
      expandComposites(() => false),
      text,
    );
    expect(entryOf(program).states).toEqual(entryOf(before).states);
    expect(entryOf(program).nodes.filter(({ op }) => op.kind === 'composite')).toEqual([]);
  });
});
