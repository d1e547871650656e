import { expect, it } from 'vitest';
import { smallDecoder } from '../../../test/support/smallDecoder.ts';
import { packWeights } from '../test/weights.ts';
import { buildBundle, gpuProfile, lowerToWebGpu, portableProfile } from './index.ts';

const { program, params } = smallDecoder({ layers: 1 });
const weights = packWeights('model.safetensors', params).locations;

it('has a variant for every device class, each as if it were alone', () => {
  const { plan, files } = buildBundle(program, { weights });
  expect(plan.variants.map(({ name, adapters }) => [name, adapters])).toEqual([
    ['gpu-subgroups', 'gpu'],
    ['gpu', 'gpu'],
    ['software', 'cpu'],
    ['portable', undefined],
  ]);
  for (const profile of [gpuProfile, portableProfile]) {
    const alone = lowerToWebGpu(program, { weights, profile });
    const [wanted] = alone.plan.variants;
    const variant = plan.variants.find(({ name }) => name === profile.name);
    expect(variant?.entries).toEqual(wanted?.entries);
    for (const [id, { file }] of Object.entries(wanted?.kernels ?? {})) {
      const text = (content: string | Uint8Array | undefined) => String(content).replace(/^\/\/ Computes .*$/m, '');
      expect(text(files.get(variant?.kernels[id]?.file ?? ''))).toBe(text(alone.files.get(file)));
    }
  }
});

it('has the file of a kernel once, whichever classes use it', () => {
  const { plan, files } = buildBundle(program, { weights });
  const used = plan.variants.flatMap(({ kernels }) => Object.values(kernels).map(({ file }) => file));
  const kernels = [...files.keys()].filter((name) => name.endsWith('.wgsl'));
  expect(new Set(used)).toEqual(new Set(kernels));
  const distinct = new Set(kernels.map((name) => String(files.get(name)).replace(/^\/\/ Computes .*$/m, '')));
  expect(distinct.size).toBe(kernels.length);
  expect(kernels.length).toBeLessThan(used.length);
});
