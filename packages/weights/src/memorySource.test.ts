import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { memorySource } from './memorySource.ts';

const data = Uint8Array.from({ length: 12 }, (_, i) => i);
const tensors = new Map([['w', { dtype: 'f16', shape: [2, 3], data } as const]]);

it('behaves as a checkpoint does', async () => {
  const source = memorySource(tensors);
  expect(source.list()).toEqual([{ name: 'w', storedDtype: 'F16', shape: [2, 3], byteLength: 12 }]);
  expect(source.info('w')).toMatchObject({ dtype: 'f16', file: undefined, byteLength: 12 });
  expect(await Readable.from(source.stream('w', 8)).toArray()).toEqual([data.slice(0, 8), data.slice(8)]);
  const copy = await source.read('w');
  copy.fill(0);
  expect(await source.read('w')).toEqual(data);
});

it('refuses data that does not fit its shape, and names it does not have', async () => {
  const short = new Map([['w', { dtype: 'f32', shape: [2, 3], data } as const]]);
  expect(() => memorySource(short, 'test')).toThrowErrorMatchingInlineSnapshot(
    `[WeightError: test: tensor "w": f32 [2, 3] takes 24 bytes, but its data has 12.]`,
  );
  await expect(memorySource(tensors).read('v')).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightError: memory has no tensor "v".]`,
  );
});
