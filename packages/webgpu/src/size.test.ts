import { evaluateDim, parseDim } from '@casement/ir';
import { evaluateSize, printSize } from '@casement/runtime';
import { describe, expect, it } from 'vitest';
import { dimField, dimsStruct, planSize, wgslSize } from './size.ts';

const values = new Map([
  ['past', 7],
  ['seq', 3],
  ['h', 4],
  ['w', 6],
]);

describe.each([
  ['12', '12u'],
  ['seq', 'dims.n_seq'],
  ['past + seq', '(dims.n_past + dims.n_seq)'],
  ['2*seq*h', '(2u * dims.n_h * dims.n_seq)'],
  ['past - seq + 1', '(dims.n_past + 1u - dims.n_seq)'],
  ['h*w/4', '((dims.n_h * dims.n_w) / 4u)'],
  ['(past + seq)/2', '((dims.n_past + dims.n_seq) / 2u)'],
  ['floor(past/4)', '((dims.n_past) / 4u)'],
  [
    '2*floor(past/4)*seq - floor((h*w + 3)/5)',
    '(2u * ((dims.n_past) / 4u) * dims.n_seq - ((dims.n_h * dims.n_w + 3u) / 5u))',
  ],
])('%s', (text, wgsl) => {
  const dim = parseDim(text);

  it('is WGSL that can be an operand', () => {
    expect(wgslSize(dim)).toBe(wgsl);
  });

  it('has the same value in a plan', () => {
    expect(evaluateSize(planSize(dim), values)).toBe(evaluateDim(dim, values));
  });

  it('reads the same in messages of the runtime', () => {
    const printed = printSize(planSize(dim));
    expect(evaluateDim(parseDim(printed), values)).toBe(evaluateDim(dim, values));
  });
});

it('keeps the names of dims clear of reserved words', () => {
  expect(dimsStruct(['filter', 'seq'])).toBe('struct Dims {\n  n_filter: u32,\n  n_seq: u32,\n}');
  expect(dimField('filter')).toBe('dims.n_filter');
});
