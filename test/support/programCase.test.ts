import { parseProgram, tensorOf } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { largestDifference, parseCase, printCase, runCase, tensorDifference } from './programCase.ts';

const TEXT = `program p
dim seq = 1 .. 4
dim past = 0 .. 8
param @w : f32[2]
state $s : f32[past 2] axis 0

entry step(%x : f32[seq 2]) {
  %next : f32[past+seq 2] = append($s, %x) {axis=0}
  %sum : f32[2] = reduceSum(%next) {axis=0, keepDims=false}
  %y : f32[2] = add(%sum, @w)
  keep $s = %next
  return y = %y
}

entry clear() {
  %none : f32[0 2] = reset($s) {axis=0}
  keep $s = %none
}

call step seq=2
call step seq=1
call clear
call step seq=3
`;

describe('a case', () => {
  it('is its text', () => {
    expect(printCase(parseCase(TEXT))).toBe(TEXT);
    expect(parseCase(TEXT).program).toEqual(parseProgram(TEXT.slice(0, TEXT.indexOf('call'))));
  });

  it('carries states from call to call', () => {
    const made = parseCase(TEXT);
    const answers = runCase(made);
    const rows = answers.map(({ states }) => states.get('s')?.shape[0]);
    expect(rows).toEqual([2, 3, 0, 3]);
    const inputs = made.calls.flatMap(({ inputs }) => [...(inputs.get('x')?.data ?? [])]);
    const sum = (values: readonly number[], column: number) =>
      values.reduce((total, value, i) => (i % 2 === column ? total + value : total), 0);
    const bias = made.params.get('w')?.data ?? [];
    const second = answers[1]?.outputs.get('y')?.data ?? [];
    const last = answers[3]?.outputs.get('y')?.data ?? [];
    for (const column of [0, 1]) {
      expect(second[column]).toBeCloseTo(sum(inputs.slice(0, 6), column) + (bias[column] ?? 0), 5);
      expect(last[column]).toBeCloseTo(sum(inputs.slice(6), column) + (bias[column] ?? 0), 5);
    }
  });
});

describe('differences', () => {
  const one = tensorOf('f32', [2], [1, 100]);

  it('are relative above 1', () => {
    expect(tensorDifference(tensorOf('f32', [2], [1.5, 100]), one)).toBe(0.5);
    expect(tensorDifference(tensorOf('f32', [2], [1, 150]), one)).toBe(0.5);
    expect(tensorDifference(one, one)).toBe(0);
  });

  it('are infinite where numbers cannot be compared', () => {
    expect(tensorDifference(tensorOf('f32', [2], [Number.NaN, 100]), one)).toBe(Infinity);
    expect(tensorDifference(one, tensorOf('f32', [2], [Number.NaN, 100]))).toBe(Infinity);
    expect(tensorDifference(tensorOf('f32', [2], [1, Infinity]), one)).toBe(Infinity);
    expect(tensorDifference(tensorOf('f32', [2, 1], [1, 100]), one)).toBe(Infinity);
    expect(tensorDifference(tensorOf('f16', [2], [1, 100]), one)).toBe(Infinity);
    expect(tensorDifference(undefined, one)).toBe(Infinity);
    const infinite = tensorOf('f32', [2], [Infinity, Number.NaN]);
    expect(tensorDifference(infinite, infinite)).toBe(0);
  });

  it('are infinite when answers are missing', () => {
    const answers = runCase(parseCase(TEXT));
    expect(largestDifference(answers, answers)).toBe(0);
    expect(largestDifference(answers.slice(1), answers)).toBe(Infinity);
    const silent = answers.map((answer) => ({ ...answer, outputs: new Map() }));
    expect(largestDifference(silent, answers)).toBe(Infinity);
  });
});
