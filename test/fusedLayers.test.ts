import { type HostTensor, tensorOf } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { type DeviceProfile, deviceProfiles } from '@casement/webgpu';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { softwareAdapter } from '../packages/webgpu/test/dawn.ts';
import { loadDecoding } from '../packages/webgpu/test/loadDecoding.ts';
import { compiledFor } from './support/compiledFor.ts';
import { compileOnce } from './support/compileOnce.ts';
import { layerProgram, randomLayer, VOCAB } from './support/randomLayer.ts';

// `CASEMENT_RUNS=500 CASEMENT_SEED=7 npx vitest run test/fusedLayers.test.ts` tries more.
const { CASEMENT_RUNS = '6', CASEMENT_SEED = '3' } = process.env;

let device: GPUDevice;
beforeAll(async () => {
  const adapter = await softwareAdapter();
  device = compileOnce(await adapter.requestDevice({ requiredFeatures: ['subgroups'] }));
});
afterAll(() => device.destroy());

/** Of the largest logit: rounding in another order, and activations that kernels keep in f32. */
const TOLERANCE = { f32: 2e-5, f16: 2e-2, bf16: 0.2 };

it(
  'fused kernels compute what the nodes do, one by one, of whatever layer',
  async () => {
    const profiles = new Map(deviceProfiles.filter(runsOn).map((profile) => [profile.name, profile]));
    const property = fc.asyncProperty(randomLayer, fc.constantFrom(...profiles.keys()), async (made, name) => {
      const profile = profiles.get(name) ?? expect.fail(name);
      const { program, params } = layerProgram(made);
      const model = await loadDecoding(device, compiledFor('webgpu', program), params, profile);
      const reference = referenceExecutor(program, { param: (name) => params.get(name) ?? expect.fail(name) });
      for (let at = 0; at < 4; at++) {
        const inputs = {
          input_ids: tensorOf('i32', [1, 1], [(7 * at + 3) % VOCAB]),
          position_ids: tensorOf('i32', [1, 1], [2 * at]),
        };
        const [wanted, actual] = [await reference.run('step', inputs), await model.run('step', inputs)];
        expectNear(actual.logits, wanted.logits, TOLERANCE[made.dtype]);
      }
      await model.dispose();
    });
    await fc.assert(property, { numRuns: Number(CASEMENT_RUNS), seed: Number(CASEMENT_SEED) });
  },
  30_000 + 20_000 * Number(CASEMENT_RUNS),
);

function runsOn({ features }: DeviceProfile): boolean {
  return [...features].every((feature) => device.features.has(feature));
}

function expectNear(actual: HostTensor | undefined, wanted: HostTensor | undefined, tolerance: number): void {
  const [found, values] = [Array.from(actual?.data ?? []), Array.from(wanted?.data ?? [])];
  const most = Math.max(1, ...values.map(Math.abs));
  expect(found).toHaveLength(values.length);
  values.forEach((value, i) => {
    const off = Math.abs((found[i] ?? Number.NaN) - value);
    if (!(off <= tolerance * most)) expect.fail(`logit ${i} is ${found[i]}, not ${value} (of up to ${most})`);
  });
}
