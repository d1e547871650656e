import { describe, expect, it } from 'vitest';
import { bindDims, lengthsAfter } from './dims.ts';
import type { EntrySignature, PlanSignature, Size } from './index.ts';
import { evaluateSize, printSize } from './size.ts';

const h: Size = { sum: [[1, 'h']], over: 1 };
const w: Size = { sum: [[1, 'w']], over: 1 };
const merged: Size = { sum: [[1, 'h', 'w']], over: 4 };
const grown: Size = { sum: [[1, 'past'], [2, 'h'], [-1, 'w'], [3]], over: 1 };

const entry: EntrySignature = {
  inputs: { tokens: { dtype: 'f32', shape: [merged, 2] }, grid: { dtype: 'i32', shape: [h, w] } },
  outputs: {},
  states: [],
  lengths: { past: grown },
};
const bounds = { min: 0, max: 12, multipleOf: 2 };
const signature: PlanSignature = {
  dims: { h: bounds, w: bounds, past: { min: 0, max: 20, multipleOf: 1 } },
  states: {},
  entries: { main: entry },
};

function tensor(...shape: number[]) {
  return { dtype: 'f32', shape, data: new Float32Array(0) } as const;
}

function bind(tokens: readonly number[], grid: readonly number[], past = 0) {
  const inputs = { tokens: tensor(...tokens), grid: tensor(...grid) };
  return bindDims(signature, 'main', entry, inputs, new Map([['past', past]]));
}

describe('bindDims', () => {
  it('takes plain sizes from wherever they stand, and checks expressions with them', () => {
    const dims = bind([6, 2], [4, 6], 5);
    expect(dims).toEqual(new Map(Object.entries({ past: 5, h: 4, w: 6 })));
    expect(lengthsAfter(entry, dims)).toEqual(new Map([['past', 10]]));
  });

  it.each([
    ['an expression that does not come out', [7, 2], [4, 6], 0, '[(h*w)/4 2], got [7 2]: h*w/4 is 6'],
    ['another fixed size', [6, 3], [4, 6], 0, 'got [6 3]: 2 is 2'],
    ['no multiple', [3, 2], [3, 4], 0, 'main: h is 3, not a multiple of 2'],
    ['too large', [28, 2], [14, 8], 0, 'main: h is 14, outside 0 … 12'],
    ['a full state', [6, 2], [12, 2], 2, 'hold 20 positions, 27 are needed'],
  ])('refuses %s', (_, tokens, grid, past, message) => {
    expect(() => bind(tokens, grid, past)).toThrow(message.replace('[(h*w)/4 2]', 'f32[h*w/4 2]'));
  });
});

describe('dims that the run counts', () => {
  const kept: Size = { sum: [[1, 'kept']], over: 1 };
  const counting: EntrySignature = {
    inputs: { grid: { dtype: 'i32', shape: [h, w] } },
    outputs: {},
    states: [],
    counted: { kept: { sum: [[1, 'h', 'w']], over: 1 }, left: kept },
    lengths: { past: { sum: [[1, 'past'], [1, 'left']], over: 1 } },
  }; // biome-ignore format: sizes as in a plan
  const most = { min: 0, max: 99, multipleOf: 1 };
  const plan = { ...signature, dims: { ...signature.dims, kept: most, left: most }, entries: { main: counting } };
  const bindCounting = (past: number) =>
    bindDims(plan, 'main', counting, { grid: tensor(2, 4) }, new Map([['past', past]]));

  it('are bound to the most that they can be', () => {
    expect(Object.fromEntries(bindCounting(3))).toEqual({ past: 3, h: 2, w: 4, kept: 8, left: 8 });
  });

  it('must fit into the states at that', () => {
    expect(() => bindCounting(13)).toThrow('hold 20 positions, 21 are needed');
  });
});

describe('sizes', () => {
  it.each([
    [7, '7'],
    [merged, 'h*w/4'],
    [grown, 'past+2*h-w+3'],
    [
      {
        sum: [
          [1, 'h'],
          [1, 'w'],
        ],
        over: 2,
      } satisfies Size,
      '(h+w)/2',
    ],
  ])('%j reads %s', (size, text) => {
    expect(printSize(size)).toBe(text);
  });

  it('have no value without their dims', () => {
    expect(() => evaluateSize(merged, new Map([['h', 2]]))).toThrow('dim "w" has no value');
  });
});
