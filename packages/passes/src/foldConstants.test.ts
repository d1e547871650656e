import { describe, expect, it } from 'vitest';
import { body, entryOf, runPass } from '../../../test/support/passes.ts';
import { foldConstants } from './foldConstants.ts';

const header = 'program p\ndim seq = 1 .. 4\nparam @w : f32[2]\n';

describe('foldConstants', () => {
  it('computes nodes of constants alone, step by step', () => {
    const text = `${header}
entry main(%x : f32[2]) {
  %index : i32[2] = iota() {size=2}
  %float : f32[2] = cast(%index) {to="f32"}
  %half : f32[] = constant() {dtype="f32", shape=[], values=[0.5]}
  %turns : f32[2] = mul(%float, %half) in "rope" at "model.ts":2:3
  %soft : f32[2] = softmax(%turns) {axis=0}
  %y : f32[2] = mul(%x, %soft)
  return y = %y
  return turns = %turns
}
`;
    const { program, changed, notes, before } = runPass(foldConstants(), text);
    expect(body(program)).toMatchInlineSnapshot(`
      "
        %index : i32[2] = constant() {dtype="i32", shape=[2], values=[0 1]}
        %float : f32[2] = constant() {dtype="f32", shape=[2], values=[0 1]}
        %half : f32[] = constant() {dtype="f32", shape=[], values=[0.5]}
        %turns : f32[2] = constant() {dtype="f32", shape=[2], values=[0 0.5]} in "rope" at "model.ts":2:3
        %soft : f32[2] = constant() {dtype="f32", shape=[2], values=[0.3775406777858734 0.622459352016449]}
        %y : f32[2] = mul(%x, %soft)
        return y = %y
        return turns = %turns
      "
    `);
    expect(changed).toBe(true);
    expect(notes).toEqual([]);
    expect(entryOf(program).outputs).toEqual(entryOf(before).outputs);
  });

  it('leaves params, inputs and symbolic sizes', () => {
    const text = `${header}
entry main(%x : f32[2]) {
  %index : i32[seq] = iota() {size=seq}
  %w2 : f32[2] = add(@w, @w)
  %x2 : f32[2] = add(%x, %x)
  %table : f32[4] = constant() {dtype="f32", shape=[4], values=[1 2 3 4]}
  %one : f32[1] = slice(%table) {axis=0, start=seq-1, size=1}
  return index = %index
  return w2 = %w2
  return x2 = %x2
  return one = %one
}
`;
    const { program, before, changed, notes } = runPass(foldConstants(), text);
    expect(program).toBe(before);
    expect({ changed, notes }).toEqual({ changed: false, notes: [] });
  });

  it('leaves what is large, not finite or at fault, and says so', () => {
    const text = `${header}
entry main() {
  %zero : f32[] = constant() {dtype="f32", shape=[], values=[0]}
  %large : f32[257 256] = broadcastTo(%zero) {shape=[257 256]}
  %infinite : f32[] = log(%zero)
  %far : i32[] = constant() {dtype="i32", shape=[], values=[3]}
  %index : i32[2] = iota() {size=2}
  %lost : i32[] = gather(%index, %far) {axis=0}
  return large = %large
  return infinite = %infinite
  return lost = %lost
}
`;
    const { program, notes } = runPass(foldConstants(), text);
    expect(notes).toMatchInlineSnapshot(`
      [
        "main: left broadcastTo "large" of constants: 65792 elements exceed 65536",
        "main: left log "infinite" of constants: the result is not finite",
        "main: left gather "lost" of constants: lost: gather: index 3 is outside 0 … 1",
      ]
    `);
    const ops = entryOf(program).nodes.map(({ op }) => op.name);
    expect(ops).toEqual(['constant', 'broadcastTo', 'log', 'constant', 'constant', 'gather']);
  });

  it('folds results of up to 65536 elements', () => {
    const text = `${header}
entry main() {
  %index : i32[65536] = iota() {size=65536}
  return index = %index
}
`;
    const [node] = entryOf(runPass(foldConstants(), text).program).nodes;
    expect(node?.op.name).toBe('constant');
    expect(node?.attrs).toMatchObject({ dtype: 'i32', shape: [65536] });
    expect(Array.isArray(node?.attrs.values) && node.attrs.values.slice(-2)).toEqual([65534, 65535]);
  });

  it('rounds to the dtype', () => {
    const text = `${header}
entry main() {
  %a : f16[] = constant() {dtype="f16", shape=[], values=[2048]}
  %b : f16[] = constant() {dtype="f16", shape=[], values=[1]}
  %sum : f16[] = add(%a, %b)
  return sum = %sum
}
`;
    expect(entryOf(runPass(foldConstants(), text).program).nodes[2]?.attrs.values).toEqual([2048]);
  });
});
