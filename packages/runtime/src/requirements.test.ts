import { describe, expect, it } from 'vitest';
import { tinyPlan } from '../test/tinyBundle.ts';
import type { Plan, PlanVariant } from './format/plan.ts';
import {
  chooseVariant,
  type DeviceOffer,
  deviceDescriptor,
  fittingVariants,
  joinedRequirements,
} from './requirements.ts';

const [tiny] = tinyPlan.variants;

function variant(name: string, adapters: PlanVariant['adapters'], features: readonly string[]): PlanVariant {
  if (tiny === undefined) throw new Error('the tiny plan has a variant');
  const { limits } = tiny.requires;
  return { ...tiny, name, ...(adapters ? { adapters } : {}), requires: { features, limits } };
}

const plan: Plan = {
  ...tinyPlan,
  variants: [
    variant('gpu-subgroups', 'gpu', ['subgroups']),
    variant('gpu', 'gpu', []),
    variant('software', 'cpu', ['subgroups']),
    variant('portable', undefined, []),
  ],
};

/** What an adapter offers. Only these limits are asked for. */
function adapter(isFallbackAdapter: boolean | undefined, ...features: GPUFeatureName[]): DeviceOffer {
  const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27, maxStorageBuffersPerShaderStage: 8 };
  const info = isFallbackAdapter === undefined ? {} : { isFallbackAdapter };
  return { features: new Set(features), limits: limits as GPUSupportedLimits, info };
}

describe('the variant', () => {
  it.each([
    ['GPUs with subgroups', adapter(false, 'subgroups'), 'gpu-subgroups'],
    ['GPUs without', adapter(false), 'gpu'],
    ['adapters that do not say what they are', adapter(undefined, 'subgroups'), 'gpu-subgroups'],
    ['adapters on the CPU', adapter(true, 'subgroups'), 'software'],
    ['adapters on the CPU without subgroups', adapter(true), 'portable'],
  ])('for %s', (_who, offer, name) => {
    expect(chooseVariant(plan, offer).variant.name).toBe(name);
  });

  it('comes with its reason', () => {
    expect(chooseVariant(plan, adapter(true)).reason).toBe(
      'the adapter runs on the CPU; ' +
        'variant "gpu-subgroups": is made for GPUs, needs the feature "subgroups"; variant "gpu": is made for GPUs; ' +
        'variant "software": needs the feature "subgroups"',
    );
  });

  it('has rivals on the same adapter, which one device can run', () => {
    const names = (offer: DeviceOffer) => fittingVariants(plan, offer).map(({ name }) => name);
    expect(names(adapter(false, 'subgroups'))).toEqual(['gpu-subgroups', 'gpu', 'portable']);
    expect(names(adapter(true))).toEqual(['portable']);
    const [first, second] = plan.variants;
    if (!first || !second) throw new Error('there are variants');
    const large = {
      ...second,
      requires: { features: [], limits: { maxBufferSize: 7, maxStorageBufferBindingSize: 9 } },
    };
    expect(joinedRequirements([first, large])).toEqual({
      features: ['subgroups'],
      limits: { maxStorageBufferBindingSize: 24, maxBufferSize: 7 },
    });
  });

  it('of a device is that of its adapter', () => {
    const { info, ...rest } = adapter(true, 'subgroups');
    expect(chooseVariant(plan, { ...rest, adapterInfo: info }).variant.name).toBe('software');
  });

  it('is one whose workgroups the device can run', () => {
    const [fast, ...others] = plan.variants;
    if (fast === undefined) throw new Error('there are variants');
    const limits = { maxComputeWorkgroupStorageSize: 16384, maxComputeInvocationsPerWorkgroup: 256 };
    const large = { ...plan, variants: [{ ...fast, requires: { ...fast.requires, limits } }, ...others] };
    const offer = (bytes: number): DeviceOffer => {
      const gpu = adapter(false, 'subgroups');
      // An adapter has every limit; these are those that are asked for.
      const offered = { ...gpu.limits, ...limits, maxComputeWorkgroupStorageSize: bytes } as GPUSupportedLimits;
      return { ...gpu, limits: offered };
    };
    expect(chooseVariant(large, offer(16384)).variant.name).toBe('gpu-subgroups');
    expect(chooseVariant(large, offer(16352))).toMatchObject({
      variant: { name: 'gpu' },
      reason: expect.stringContaining('needs maxComputeWorkgroupStorageSize ≥ 16384, the device has 16352'),
    });
  });

  it('can be asked for, whatever it is made for, as long as the device can run it', () => {
    expect(chooseVariant(plan, adapter(true, 'subgroups'), 'gpu')).toMatchObject({
      variant: { name: 'gpu' },
      reason: 'it was asked for',
    });
    expect(deviceDescriptor(plan, adapter(true, 'subgroups'), 'gpu-subgroups').requiredFeatures).toEqual(['subgroups']);
    expect(() => chooseVariant(plan, adapter(true), 'software')).toThrow('variant "software": needs the feature');
    expect(() => chooseVariant(plan, adapter(true), 'fast')).toThrow(
      '"tiny" has no variant "fast"; its variants are gpu-subgroups, gpu, software, portable',
    );
  });
});
