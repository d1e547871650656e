import { drawTensor, type HostTensor, parseProgram, seededRandom, verifyProgram } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { expect, it } from 'vitest';
import { maxDifference, openInRuntime } from '../../../test/support/onnx.ts';

const profiles = ['ort', 'onnx'] as const;

/** Runs `main(%x …)` of a program without params under several shapes of its inputs, and compares all outputs. */
async function compare(text: string, shapes: readonly Readonly<Record<string, readonly number[]>>[]) {
  const program = parseProgram(text);
  verifyProgram(program);
  const inputsOf = program.entries.get('main')?.inputs ?? [];
  for (const profile of profiles) {
    const onnx = await openInRuntime(program, profile);
    const reference = referenceExecutor(program, { param: () => expect.fail('there are no params') });
    for (const chosen of shapes) {
      const random = seededRandom(3);
      const tensors = inputsOf.map(({ name, type }): [string, HostTensor] => {
        const draw = type.dtype === 'i32' ? { below: 3 } : 'normal';
        return [name, drawTensor(type.dtype, chosen[name] ?? [], draw, random)];
      });
      const actual = await onnx.run('main', Object.fromEntries(tensors));
      const expected = await reference.run('main', Object.fromEntries(tensors));
      for (const [name, { shape, data }] of Object.entries(expected)) {
        expect(actual[name]?.shape, `${name} in profile ${profile}`).toEqual(shape);
        expect(maxDifference(actual[name]?.data ?? [], data), `${name} in profile ${profile}`).toBeLessThanOrEqual(
          1e-5,
        );
      }
    }
    await onnx.dispose();
  }
}

it('reshapes with one, two and no sizes that are known only at run time', () =>
  compare(
    `program reshapes
dim b = 0 .. 4
dim s = 0 .. 8
dim h = 2 .. 8 step 2
entry main(%x : f32[b s 6], %y : f32[h h 3]) {
  %heads : f32[b s 2 3] = reshape(%x) {shape=[b s 2 3]}
  %rows : f32[b*s 6] = reshape(%x) {shape=[b*s 6]}
  %flat : f32[6*b*s] = reshape(%x) {shape=[6*b*s]}
  %split : f32[b 2 s 3] = reshape(%x) {shape=[b 2 s 3]}
  %swapped : f32[s b 6] = reshape(%x) {shape=[s b 6]}
  %column : f32[b s 6 1] = reshape(%x) {shape=[b s 6 1]}
  %patches : f32[h*h/4 12] = reshape(%y) {shape=[h*h/4 12]}
  %halves : f32[2 h/2 h 3] = reshape(%y) {shape=[2 h/2 h 3]}
  return heads = %heads
  return rows = %rows
  return flat = %flat
  return split = %split
  return swapped = %swapped
  return column = %column
  return patches = %patches
  return halves = %halves
}
`,
    [
      { x: [2, 3, 6], y: [4, 4, 3] },
      { x: [1, 1, 6], y: [2, 2, 3] },
      { x: [1, 0, 6], y: [2, 2, 3] },
      { x: [0, 2, 6], y: [6, 6, 3] },
      { x: [0, 0, 6], y: [8, 8, 3] },
    ],
  ));

it('slices, counts and stretches by sizes that are known only at run time', () =>
  compare(
    `program sizes
dim s = 1 .. 8
dim t = 0 .. 8
entry main(%x : f32[s+t 4], %y : f32[t 4], %row : f32[1 4], %z : f32[s]) {
  %last : f32[1 4] = slice(%x) {axis=0, start=s+t-1, size=1}
  %first : f32[s 4] = slice(%x) {axis=0, start=0, size=s}
  %rest : f32[t 4] = slice(%x) {axis=0, start=s, size=t}
  %none : f32[0 4] = slice(%x) {axis=0, start=s, size=0}
  %count : i32[3*s+t] = iota() {size=3*s+t}
  %same : f32[t 4] = add(%rest, %y)
  %wide : f32[2 t 4] = broadcastTo(%y) {shape=[2 t 4]}
  %tall : f32[s 4] = broadcastTo(%row) {shape=[s 4]}
  %both : f32[s 1 4] = broadcastTo(%row) {shape=[s 1 4]}
  %all : f32[s+2*t 4] = concat(%x, %y) {axis=0}
  return last = %last
  return first = %first
  return rest = %rest
  return none = %none
  return count = %count
  return same = %same
  return wide = %wide
  return tall = %tall
  return both = %both
  return all = %all
}
`,
    [
      { x: [5, 4], y: [2, 4], row: [1, 4], z: [3] },
      { x: [1, 4], y: [0, 4], row: [1, 4], z: [1] },
      { x: [8, 4], y: [7, 4], row: [1, 4], z: [1] },
    ],
  ));

it('chooses between bools, and between positions that are int64 or int32 in ONNX', () =>
  compare(
    `program types
dim s = 1 .. 8
entry main(%positions : i32[1 s], %ids : i32[1 s], %table : f32[3 2]) {
  %p : i32[s 1] = reshape(%positions) {shape=[s 1]}
  %f : f32[s 1] = cast(%p) {to="f32"}
  %rows : f32[1 s 2] = gather(%table, %ids) {axis=0}
  %bigger : bool[1 s] = less(%ids, %ids)
  %equal : bool[1 s] = equal(%ids, %ids)
  %choice : bool[1 s] = where(%equal, %bigger, %equal)
  return f = %f
  return rows = %rows
  return choice = %choice
}
`,
    [{ positions: [1, 4], ids: [1, 4], table: [3, 2] }],
  ));
