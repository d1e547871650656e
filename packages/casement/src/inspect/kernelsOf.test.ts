import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kernelsOf } from './kernelsOf.ts';

const model = join(import.meta.dirname, '../../../../test/fixtures/casa');

it('lists dispatches of all entries, for each device class', async () => {
  const text = await kernelsOf(model, { dtype: 'q4f16' });
  const classes = text.match(/^class .*$/gm) ?? [];
  expect(classes.map((line) => line.replace(/;.*/, ''))).toEqual([
    'class gpu-subgroups-f16: for GPUs, needs subgroups, shader-f16',
    'class gpu-subgroups: for GPUs, needs subgroups',
    'class gpu: for GPUs',
    'class software: for adapters that run on the CPU, needs subgroups',
    'class portable: for all adapters',
  ]);
  expect(text.match(/^step: \d+ dispatches$/gm)).toHaveLength(classes.length);
  expect(text.match(/^openWindow: \d+ dispatches$/gm)).toHaveLength(classes.length);
  expect(text).toMatch(/^ONNX, step:\n {2}not fused: rotation inside attention: /m);
});

it('shows one class, what each dispatch computes and why by that kernel', async () => {
  const text = await kernelsOf(model, { dtype: 'f32', variant: 'gpu' });
  expect(text.match(/^class/gm)).toHaveLength(1);
  expect(text).toMatch(/^ +\d+ {2}projectSharedTiles(-\d+)? +\S+ \(model\.layers\.0.*\) +fused: .*, on GPUs$/m);
  const [total = '', body = ''] = /^step: (\d+) dispatches\n((?: .*\n)*)/m.exec(text)?.slice(1) ?? [];
  expect(body.trimEnd().split('\n')).toHaveLength(Number(total));
});

it('says which classes there are when asked for another', async () => {
  await expect(kernelsOf(model, { dtype: 'f32', variant: 'fast' })).rejects.toThrow(
    'there is no device class "fast"; there are gpu-subgroups, gpu, software, portable',
  );
});
