import type { Manifest } from '@casement/runtime';
import { expect, test } from 'vitest';
import { tritonModels } from './tritonModels.ts';

test.each(['../models', 'a/b', '', '模型', '.'])('refuses the name %j before it is a path', async (name) => {
  const manifest: Manifest = {
    format: 'casement-artifact/1',
    name,
    dtype: 'f32',
    dims: {},
    entries: {},
    states: [],
    weights: { bytes: 0, shards: [] },
    targets: { onnx: { profile: 'ort', opset: 23, domains: [], entries: {}, states: {} } },
  } as unknown as Manifest; // whatever else it holds, the name is looked at first
  await expect(tritonModels('nowhere', manifest)).rejects.toThrow(`of the name ${JSON.stringify(name)}`);
});
