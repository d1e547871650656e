import { expect, it } from 'vitest';
import { evaluateSize } from './evaluateSize.ts';

const dims = new Map([
  ['past', 7],
  ['seq', 3],
  ['h', 4],
  ['w', 6],
]);

it.each([
  [5, 5],
  ['past', 7],
  ['past + seq', 10],
  ['past+seq - 2', 8],
  ['2*seq', 6],
  ['h*w/4', 6],
  ['(h*w + 2*seq)/6', 5],
  ['-seq + past', 4],
  ['past - (seq - 1)', 5],
  ['2*floor(past/4) + floor((h*w + seq)/7)', 5],
])('evaluates %s', (size, value) => {
  expect(evaluateSize(size, dims)).toBe(value);
});

it('says what is wrong with a size', () => {
  expect(() => evaluateSize('past + batch', dims)).toThrow('dim "batch" of size past + batch has no value');
  expect(() => evaluateSize('seq/2', dims)).toThrow('size seq/2 is 1.5, no whole number ≥ 0');
  expect(() => evaluateSize('seq - past', dims)).toThrow('size seq - past is -4, no whole number ≥ 0');
  expect(() => evaluateSize('(past', dims)).toThrow('size "(past": a ")" is missing');
  expect(() => evaluateSize('past +', dims)).toThrow('size "past +": a name or a number is missing');
  expect(() => evaluateSize('past seq', dims)).toThrow('size "past seq": unexpected "seq"');
});
