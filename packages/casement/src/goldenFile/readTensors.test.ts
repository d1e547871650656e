import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type WrittenTensor, writeSafetensors } from '../../../../test/support/safetensors.ts';
import { readGoldenTensors } from './readTensors.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'casement-golden-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const tensors: Readonly<Record<string, WrittenTensor>> = {
  x: { dtype: 'F32', shape: [2], values: [1.5, -2] },
  ids: { dtype: 'I64', shape: [1, 2], values: [-1, 2 ** 40] },
  mask: { dtype: 'BOOL', shape: [2], values: [1, 0] },
  none: { dtype: 'I32', shape: [0, 3], values: [] },
};
const read = (metadata?: Record<string, string>) =>
  readGoldenTensors(writeSafetensors(join(dir, 'golden.safetensors'), tensors, metadata));

it('reads tensors of every kind, and what they are to the model', async () => {
  const golden = await read({ roles: '{"inputs": ["ids"], "outputs": ["x"]}' });
  expect(golden.roles).toEqual({ inputs: ['ids'], outputs: ['x'], intermediates: [] });
  expect(golden.tensors).toEqual({
    x: { dtype: 'f32', shape: [2], data: Float32Array.from([1.5, -2]) },
    ids: { dtype: 'i64', shape: [1, 2], data: Float64Array.from([-1, 2 ** 40]) },
    mask: { dtype: 'bool', shape: [2], data: Uint8Array.from([1, 0]) },
    none: { dtype: 'i32', shape: [0, 3], data: new Int32Array() },
  });
  expect((await read()).roles).toBeUndefined();
});

it.each([
  ['inputs: x', /"roles" is no JSON/],
  ['3', /"roles" is no object/],
  ['{"inputs": "x"}', /"roles" has no list of inputs/],
  ['{"outputs": ["y"]}', /"roles" names "y" among its outputs, which the file does not hold/],
])('refuses roles %s', async (roles, problem) => {
  await expect(read({ roles })).rejects.toThrowError(problem);
});
