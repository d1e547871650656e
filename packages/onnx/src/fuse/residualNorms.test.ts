import { parseProgram } from '@casement/ir';
import { expect, it } from 'vitest';
import { Notes } from './notes.ts';
import { findResidualNorms } from './residualNorms.ts';
import { Uses } from './uses.ts';

it.each([
  ['of the same shape', 'f32[1 seq 4]', '@w', []],
  ['where an operand is stretched', 'f32[4]', '@w', ['one of the summands is stretched to the shape of the other']],
  ['whose weight is computed', 'f32[1 seq 4]', '%v', ["the norm's weight is computed"]],
])('finds sums, and says why not: those %s', (_, type, weight, reasons) => {
  const program = parseProgram(`program p
dim seq = 1 .. 8
param @w : f32[4]
entry main(%x : f32[1 seq 4], %d : ${type}) {
  %v : f32[4] = mul(@w, @w)
  %s : f32[1 seq 4] = add(%x, %d)
  %n : f32[1 seq 4] = rmsNorm(%s, ${weight}) {eps=0.001, scaleInF32=false}
  return n = %n
  return s = %s
  return v = %v
}
`);
  const graph = program.entries.get('main') ?? expect.fail('no entry');
  const notes = new Notes();
  expect(findResidualNorms(graph.nodes, new Uses(graph), notes).size).toBe(1 - reasons.length);
  expect(notes.texts).toEqual(reasons.map((why) => `sum and norm: "s": ${why}`));
});
