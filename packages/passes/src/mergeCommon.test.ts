import { describe, expect, it } from 'vitest';
import { body, runPass } from '../../../test/support/passes.ts';
import { mergeCommon } from './mergeCommon.ts';

const header = `program p
dim seq = 1 .. 4
dim past = 0 .. 8
param @w : f32[3]
state $a : f32[past 3] axis 0
state $b : f32[past 3] axis 0
`;

describe('mergeCommon', () => {
  it('computes the same thing once, and what follows from it', () => {
    const text = `${header}
entry main(%x : f32[seq 3]) {
  %one : f32[] = constant() {dtype="f32", shape=[], values=[1]}
  %s1 : f32[seq] = reduceSum(%x) {axis=1, keepDims=false} in "layers.0"
  %uno : f32[] = constant() {shape=[], values=[1], dtype="f32"}
  %s2 : f32[seq] = reduceSum(%x) {keepDims=false, axis=1} in "layers.1"
  %t1 : f32[seq] = add(%s1, %one)
  %t2 : f32[seq] = add(%s2, %uno)
  return t1 = %t1
  return t2 = %t2
}
`;
    const { program, changed, notes } = runPass(mergeCommon(), text);
    expect(body(program)).toMatchInlineSnapshot(`
      "
        %one : f32[] = constant() {dtype="f32", shape=[], values=[1]}
        %s1 : f32[seq] = reduceSum(%x) {axis=1, keepDims=false} in "layers.0"
        %t1 : f32[seq] = add(%s1, %one)
        return t1 = %t1
        return t2 = %t1
      "
    `);
    expect({ changed, notes }).toEqual({ changed: true, notes: [] });
  });

  it('keeps apart what differs in op, operands, their order or attributes', () => {
    const text = `${header}
entry main(%x : f32[seq 3], %y : f32[seq 3]) {
  %a : f32[seq 3] = sub(%x, %y)
  %b : f32[seq 3] = sub(%y, %x)
  %c : f32[seq 3] = add(%x, %y)
  %d : f32[seq 3] = add(%x, @w)
  %e : f32[seq] = reduceSum(%x) {axis=1, keepDims=false}
  %f : f32[3] = reduceSum(%x) {axis=0, keepDims=false}
  %plus : f32[] = constant() {dtype="f32", shape=[], values=[0]}
  %minus : f32[] = constant() {dtype="f32", shape=[], values=[-0]}
  return a = %a
  return b = %b
  return c = %c
  return d = %d
  return e = %e
  return f = %f
  return plus = %plus
  return minus = %minus
}
`;
    const { program, before, changed } = runPass(mergeCommon(), text);
    expect(changed).toBe(false);
    expect(program).toBe(before);
  });

  it('never merges updates of states, nor reads of two versions', () => {
    const text = `${header}
entry main(%x : f32[seq 3]) {
  %old1 : f32[3] = reduceSum($a) {axis=0, keepDims=false}
  %old2 : f32[3] = reduceSum($a) {axis=0, keepDims=false}
  %a1 : f32[past+seq 3] = append($a, %x) {axis=0}
  %b1 : f32[past+seq 3] = append($b, %x) {axis=0}
  %a2 : f32[past+2*seq 3] = append(%a1, %x) {axis=0}
  %b2 : f32[past+2*seq 3] = append(%b1, %x) {axis=0}
  %new : f32[3] = reduceSum(%a2) {axis=0, keepDims=false}
  keep $a = %a2
  keep $b = %b2
  return old1 = %old1
  return old2 = %old2
  return new = %new
}
`;
    expect(body(runPass(mergeCommon(), text).program)).toMatchInlineSnapshot(`
      "
        %old1 : f32[3] = reduceSum($a) {axis=0, keepDims=false}
        %a1 : f32[past+seq 3] = append($a, %x) {axis=0}
        %b1 : f32[past+seq 3] = append($b, %x) {axis=0}
        %a2 : f32[past+2*seq 3] = append(%a1, %x) {axis=0}
        %b2 : f32[past+2*seq 3] = append(%b1, %x) {axis=0}
        %new : f32[3] = reduceSum(%a2) {axis=0, keepDims=false}
        keep $a = %a2
        keep $b = %b2
        return old1 = %old1
        return old2 = %old1
        return new = %new
      "
    `);
  });

  it('keeps entries apart', () => {
    const text = `${header}
entry main(%x : f32[seq 3]) {
  %y : f32[seq 3] = add(%x, @w)
  return y = %y
}

entry other(%x : f32[seq 3]) {
  %y : f32[seq 3] = add(%x, @w)
  return y = %y
}
`;
    expect(runPass(mergeCommon(), text).changed).toBe(false);
  });
});
