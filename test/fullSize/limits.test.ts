import { dtypeBytes, elementCount, type Program } from '@casement/ir';
import { modelFromConfig } from '@casement/models';
import { type DeviceProfile, lowerToWebGpu, portableProfile, type WeightLocation } from '@casement/webgpu';
import { presets, truncateConfig } from 'casement';
import { describe, expect, it } from 'vitest';
import { compileFor } from '../../packages/casement/src/artifact/compile.ts';
import { beyondDefaultDevice } from './defaultLimits.ts';

/** Places of weights that nobody wrote: lowering asks for no more. */
function placesOf(program: Program): Map<string, WeightLocation> {
  let byteOffset = 0;
  const places = [...program.params].map(([name, { type }]): [string, WeightLocation] => {
    const byteLength = elementCount(type.shape.map(Number)) * dtypeBytes(type.dtype);
    byteOffset += byteLength;
    return [name, { file: 'model.safetensors', byteOffset: byteOffset - byteLength, byteLength, dtype: type.dtype }];
  });
  return new Map(places);
}

function lower(config: unknown, dtype: 'f16' | 'f32', profile?: DeviceProfile) {
  const program = modelFromConfig(config).build({ dtype });
  const weights = placesOf(program);
  const bytes = [...weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { bytes, ...lowerToWebGpu(compileFor('webgpu', program), { weights, ...(profile ? { profile } : {}) }) };
}

describe.each([...presets])('%s', (_, config) => {
  it.each([
    ['casa', 'f16'],
    ['casa', 'f32'],
    ['insertion', 'f32'],
  ] as const)('runs on a WebGPU device with the default limits: %s, %s', (attention, dtype) => {
    const { plan, report, bytes } = lower({ ...config, fusion: { attention } }, dtype);
    expect(beyondDefaultDevice(plan)).toEqual([]);
    expect(report.memory.weights).toBeGreaterThanOrEqual(bytes);
    expect(report.memory.weights).toBeLessThan(bytes * 1.01);
  });
});

it('notices what a default device refuses', () => {
  const large: DeviceProfile = {
    ...portableProfile,
    limits: { ...portableProfile.limits, maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30 },
  };
  const config = truncateConfig(presets.get('2B'), 1);
  const { plan } = lower(config, 'f16', large);
  expect(() => beyondDefaultDevice(plan)).toThrow('needs maxStorageBufferBindingSize ≥ 262148096');

  const { plan: good } = lower(config, 'f16');
  const [variant] = good.variants;
  if (variant === undefined) throw new Error('the plan has no variant');
  const dispatches = variant.entries.step?.dispatches.map((dispatch, i) =>
    i === 0
      ? { ...dispatch, grid: [2 ** 33], bindings: dispatch.bindings.map((it) => ({ ...it, offset: 4 })) }
      : dispatch,
  );
  const step = { inputs: {}, outputs: {}, dispatches: dispatches ?? [] };
  const broken = { ...good, variants: [{ ...variant, entries: { step } }] };
  expect(beyondDefaultDevice(broken)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/binds .*"offset":4/),
      expect.stringContaining('has 8589934592 threads'),
    ]),
  );
});
