import { describe, expect, test } from 'vitest';
import { checkInputs, InputError } from './check.ts';
import type { HostTensor, ModelSignature } from './executor.ts';

const signature: ModelSignature = {
  name: 'tiny',
  dtype: 'f32',
  dims: { seq: { min: 1, max: 8, multipleOf: 1 } },
  entries: {
    step: {
      inputs: [
        { name: 'ids', dtype: 'i32', shape: [1, 'seq'], below: 5 },
        { name: 'x', dtype: 'f16', shape: [1, 'seq', 4] },
      ],
      outputs: [
        { name: 'logits', dtype: 'f32', shape: [1, 'seq', 5] },
        { name: 'hidden', dtype: 'f32', shape: [1, 'seq', 4] },
      ],
      lengths: {},
    },
  },
  states: [],
};
const ids: HostTensor = { dtype: 'i32', shape: [1, 2], data: Int32Array.of(0, 4) };
const x: HostTensor = { dtype: 'f32', shape: [1, 2, 4], data: new Float32Array(8) };

test('a call that fits gives the outputs that are wanted, and floats stand for any float dtype', () => {
  expect(checkInputs(signature, 'step', { ids, x }, undefined)).toEqual(['logits', 'hidden']);
  expect(checkInputs(signature, 'step', { ids, x }, ['hidden'])).toEqual(['hidden']);
});

describe('a call that does not fit is refused with what, where and what instead', () => {
  const refused: Record<string, () => unknown> = {
    'unknown entry': () => checkInputs(signature, 'stop', {}, undefined),
    'missing input': () => checkInputs(signature, 'step', { ids }, undefined),
    'extra input': () => checkInputs(signature, 'step', { ids, x, y: x }, undefined),
    'unknown output': () => checkInputs(signature, 'step', { ids, x }, ['loss']),
    'wrong dtype': () => checkInputs(signature, 'step', { ids: { ...ids, dtype: 'f32' }, x }, undefined),
    'wrong rank': () => checkInputs(signature, 'step', { ids: { ...ids, shape: [2] }, x }, undefined),
    'wrong size': () => checkInputs(signature, 'step', { ids, x: { ...x, shape: [1, 1, 8] } }, undefined),
    'too few elements': () =>
      checkInputs(signature, 'step', { ids, x: { ...x, data: new Float32Array(7) } }, undefined),
    'negative index': () =>
      checkInputs(signature, 'step', { ids: { ...ids, data: Int32Array.of(0, -1) }, x }, undefined),
    'index too large': () =>
      checkInputs(signature, 'step', { ids: { ...ids, data: Int32Array.of(5, 0) }, x }, undefined),
  };

  test.each(Object.entries(refused))('%s', (_, call) => {
    expect(call).toThrow(InputError);
    expect(call).toThrowErrorMatchingSnapshot();
  });
});
