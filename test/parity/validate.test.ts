import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource, type VariantTimes } from '@casement/runtime';
import { buildBundle, deviceProfiles, gpuSubgroupsF16Profile } from '@casement/webgpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFor } from '../../packages/casement/src/artifact/compile.ts';
import { loadModel } from '../../packages/casement/src/load/loadModel.ts';
import { buildProgram } from '../../packages/casement/src/quantize/buildProgram.ts';
import { loadBundle } from '../../packages/runtime/src/loadBundle.ts';
import { acquireNodeGpu } from '../../packages/session/src/webgpu/node/index.ts';
import { compileOnce } from '../support/compileOnce.ts';
import { locationsOf } from './hasOwnKernels.ts';

/** Dawn's null device, which has every feature, checks shaders and bindings, and computes nothing. */
let device: GPUDevice;
beforeAll(async () => {
  const adapter = await (await acquireNodeGpu({ adapter: 'null' })).requestAdapter();
  if (adapter === null) throw new Error('Dawn has no null adapter');
  const requiredFeatures = [...adapter.features] as GPUFeatureName[]; // what it names, it has
  device = compileOnce(await adapter.requestDevice({ requiredFeatures }));
});
afterAll(() => device.destroy());

const fixtures = join(import.meta.dirname, '..', 'fixtures');

describe.each(readdirSync(fixtures))('%s', (name) => {
  it.each([
    ['f32', deviceProfiles],
    ['f16', [gpuSubgroupsF16Profile]], // others read the weights of f16 as those of f32, but for a word
    ['q4f16', deviceProfiles],
  ] as const)('in %s is valid in every device class', async (dtype, profiles) => {
    const { program } = buildProgram(await loadModel(join(fixtures, name)), { dtype });
    const compiled = compileFor('webgpu', program);
    const { files, plan } = buildBundle(compiled, { weights: locationsOf(compiled), profiles });
    for (const { name: variant, requires } of plan.variants) {
      // No class asks for more than every WebGPU device has; GPUs' share memory.
      const { limits } = requires;
      expect(limits.maxComputeInvocationsPerWorkgroup, variant).toBeLessThanOrEqual(256);
      expect(limits.maxComputeWorkgroupSizeX, variant).toBeGreaterThanOrEqual(64);
      expect(limits.maxComputeWorkgroupStorageSize, variant).toBeLessThanOrEqual(16384);
      if (variant.startsWith('gpu')) expect(limits.maxComputeWorkgroupStorageSize, variant).toBeGreaterThan(8192);
    }
    expect(plan.variants).toHaveLength(dtype === 'f32' ? profiles.length - 1 : profiles.length);
    const longest = Math.max(
      ...plan.variants.flatMap(({ uploads }) => uploads.map((it) => it.byteOffset + it.byteLength)),
    );
    const source = memorySource(new Map([...files, ['none', new Uint8Array(longest)]]));
    for (const { name: variant } of plan.variants) {
      const model = await loadBundle({ source, device, variant });
      expect(model.variant).toBe(variant);
      // So are the kernels that are compiled when a choice needs them first.
      const logits = new Float32Array(Number(plan.signature.entries.step?.outputs.logits?.shape.at(-1)));
      const choice = { temperature: 1, topK: 2, repetitionPenalty: 2 };
      expect(await model.decode('step', { logits, position: 0, choice })).toBeDefined();
      await model.dispose();
    }
  });
});

it('is measured in every class of the adapter, and loaded in the fastest', async () => {
  const { program } = buildProgram(await loadModel(join(fixtures, 'casa')), { dtype: 'q4f16' });
  const compiled = compileFor('webgpu', program);
  const { files } = buildBundle(compiled, { weights: locationsOf(compiled) });
  const heard: VariantTimes[] = [];
  let [time, runs] = [0, 0];
  const tune = {
    onMeasured: (times: readonly VariantTimes[]) => heard.push(...times),
    // Each class takes half as long as the one before it.
    now: () => {
      time += 2 ** -Math.floor(runs++ / 72);
      return time;
    },
  };
  const source = memorySource(new Map([...files, ['none', new Uint8Array(2 ** 20)]]));
  const model = await loadBundle({ source, device, tune });
  expect(heard.map(({ variant, token }) => [variant, token])).toEqual([
    ['gpu-subgroups-f16', 1],
    ['gpu-subgroups', 0.5],
    ['gpu', 0.25],
    ['portable', 0.125],
  ]);
  expect(model.variant).toBe('portable');
  await model.dispose();
});
