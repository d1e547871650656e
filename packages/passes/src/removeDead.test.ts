import { printProgram } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { body, runPass } from '../../../test/support/passes.ts';
import { removeDead } from './removeDead.ts';

const TEXT = `program p
dim seq = 1 .. 4
dim past = 0 .. 8
dim seen = 0 .. 8
param @w : f32[3]
param @unused : f32[3]
param @direct : f32[3]
state $grown : f32[past 3] axis 0
state $read : f32[seen 3] axis 0
state $idle : f32[seen 3] axis 0

entry main(%x : f32[seq 3], %spare : f32[3]) {
  %lost : f32[3] = add(%spare, @unused)
  %later : f32[3] = exp(%lost)
  %y : f32[seq 3] = add(%x, @w)
  %next : f32[past+seq 3] = append($grown, %y) {axis=0}
  %sum : f32[3] = reduceSum($read) {axis=0, keepDims=false}
  keep $grown = %next
  keep $read = $read
  keep $idle = $idle
  return sum = %sum
  return direct = @direct
}
`;

describe('removeDead', () => {
  it('keeps what counts a dim that is used', () => {
    const counting = (output: string) => `program p
dim n = 1 .. 4
dim kept = 0 .. 4
entry main(%keep : bool[n]) {
  %found : i32[kept] = nonZero(%keep) {count=kept}
  %index : i32[kept] = iota() {size=kept}
  %flags : i32[n] = cast(%keep) {to="i32"}
  return y = %${output}
}
`;
    expect(body(runPass(removeDead(), counting('index')).program)).toContain('nonZero');
    expect(body(runPass(removeDead(), counting('flags')).program)).not.toContain('nonZero');
  });

  it('keeps what leads to an output or a state, and all inputs', () => {
    const { program, changed, notes } = runPass(removeDead(), TEXT);
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "program p
      dim seq = 1 .. 4
      dim past = 0 .. 8
      dim seen = 0 .. 8
      param @w : f32[3]
      param @direct : f32[3]
      state $grown : f32[past 3] axis 0
      state $read : f32[seen 3] axis 0

      entry main(%x : f32[seq 3], %spare : f32[3]) {
        %y : f32[seq 3] = add(%x, @w)
        %next : f32[past+seq 3] = append($grown, %y) {axis=0}
        %sum : f32[3] = reduceSum($read) {axis=0, keepDims=false}
        keep $grown = %next
        keep $read = $read
        return sum = %sum
        return direct = @direct
      }
      "
    `);
    expect({ changed, notes }).toEqual({ changed: true, notes: [] });
  });

  it('changes nothing the second time', () => {
    const once = runPass(removeDead(), TEXT).program;
    expect(removeDead().run(once)).toEqual({ program: once, changed: false, notes: [] });
    expect(removeDead().run(once).program).toBe(once);
  });

  it('removes params and states also where every node is needed', () => {
    const text = `program p
dim past = 0 .. 8
param @unused : f32[3]
state $unused : f32[past 3] axis 0

entry main(%x : f32[3]) {
  return x = %x
}
`;
    const noParam = runPass(removeDead(), text.replace(/param .*\n/, ''));
    const noState = runPass(removeDead(), text.replace(/state .*\n/, ''));
    expect([noParam.changed, noParam.program.states.size]).toEqual([true, 0]);
    expect([noState.changed, noState.program.params.size]).toEqual([true, 0]);
  });

  it('keeps params and states that another entry uses', () => {
    const other = `
entry other() {
  %sum : f32[3] = reduceSum($idle) {axis=0, keepDims=false}
  %y : f32[3] = add(%sum, @unused)
  keep $idle = $idle
  return y = %y
}
`;
    const { program } = runPass(removeDead(), TEXT + other);
    expect([...program.params.keys()]).toEqual(['w', 'unused', 'direct']);
    expect([...program.states.keys()]).toEqual(['grown', 'read', 'idle']);
    expect(body(program, 'other')).toContain('keep $idle = $idle');
  });

  it('keeps a state that is only returned', () => {
    const text = TEXT.replace('return sum = %sum', 'return sum = $idle');
    const { program } = runPass(removeDead(), text);
    expect([...program.states.keys()]).toEqual(['grown', 'idle']);
  });
});
