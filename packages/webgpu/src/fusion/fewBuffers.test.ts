import { drawTensor, type HostTensor, type Program, parseProgram, seededRandom, tensorOf } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileOnce } from '../../../../test/support/compileOnce.ts';
import { smallDecoder } from '../../../../test/support/smallDecoder.ts';
import { expectClose, loadProgram, softwareDevice } from '../../test/dawn.ts';
import { packWeights } from '../../test/weights.ts';
import { lowerToWebGpu } from '../lowerToWebGpu.ts';
import { type DeviceProfile, type ProfileLimits, portableProfile } from '../profile.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = compileOnce(await softwareDevice());
});
afterAll(() => device.destroy());

function limited(limits: Partial<ProfileLimits>): DeviceProfile {
  return { ...portableProfile, limits: { ...portableProfile.limits, ...limits } };
}

/** The list for decoding: what its nodes are, the most that a kernel binds, and what was left alone. */
function decodeList(program: Program, params: ReadonlyMap<string, HostTensor>, limits: Partial<ProfileLimits>) {
  const { locations } = packWeights('w', params);
  const { plan, report } = lowerToWebGpu(program, { weights: locations, profile: limited(limits) });
  const [variant] = plan.variants;
  const dispatches = variant?.entries.step?.special?.[0]?.dispatches ?? expect.fail('no list for decoding');
  const bound = dispatches.map(({ kernel }) => variant?.kernels[kernel]?.bindings.filter((it) => it !== 'uniform'));
  return {
    labels: dispatches.map(({ label }) => label),
    bound: Math.max(...bound.map((list) => list?.length ?? 0)),
    notes: report.entries.step?.special[0]?.notes ?? [],
  };
}

describe('decoding where a kernel may bind few buffers', () => {
  const { program, params } = smallDecoder({ layers: 1 });

  it.each([4, 5, 7])('binds no more than %i, and computes nothing twice', (most) => {
    const { bound, labels } = decodeList(program, params, { maxStorageBuffersPerShaderStage: most });
    expect(bound).toBeLessThanOrEqual(most);
    expect(labels).toEqual([...new Set(labels)]);
  });

  it('counts a binding for every buffer that states lie in', () => {
    expect(decodeList(program, params, {}).notes).toEqual([]);
    const { notes } = decodeList(program, params, { maxBufferSize: 2048 });
    expect(notes).toEqual([
      'countBuffers: linear "linear_2" (layers.0): its kernel would bind 10 buffers, 8 are allowed',
    ]);
  });
});

// One binding does not cover @o and @b, which is only known once they are placed.
const apart = parseProgram(`
program apart
dim seq = 1 .. 4
dim past = 0 .. 8
param @table : f32[5 32]
param @q : f32[32 32]
param @o : f32[32 32]
param @b : f32[32]
state $cache : f32[1 past 2 8] axis 1

entry step(%ids : i32[1 seq]) {
  %x : f32[1 seq 32] = gather(@table, %ids) {axis=0}
  %q : f32[1 seq 32] = linear(%x, @q)
  %heads : f32[1 seq 4 8] = reshape(%q) {shape=[1 seq 4 8]}
  %rows : f32[1 seq 2 16] = reshape(%x) {shape=[1 seq 2 16]}
  %k : f32[1 seq 2 8] = slice(%rows) {axis=3, start=0, size=8}
  %grown : f32[1 past+seq 2 8] = append($cache, %k) {axis=1}
  %mixed : f32[1 seq 4 8] = attention(%heads, %grown, %grown) {causal=true, scale=0.5}
  %flat : f32[1 seq 32] = reshape(%mixed) {shape=[1 seq 32]}
  %y : f32[1 seq 32] = linear(%flat, @o, @b)
  keep $cache = %grown
  return y = %y
}
`);

it('takes an attention back whose parts no kernel can join, and computes the same', async () => {
  const random = seededRandom(5);
  const draw = ({ type }: { type: { shape: readonly unknown[] } }) =>
    drawTensor('f32', type.shape.map(Number), 'unit', random);
  const params = new Map([...apart.params.values()].map((param) => [param.name, draw(param)]));
  const limits = { maxStorageBuffersPerShaderStage: 4, maxStorageBufferBindingSize: 4096 };
  const { bound, labels, notes } = decodeList(apart, params, limits);
  expect(notes).toEqual(['lowerProjection: linear "y": its kernel binds 5 buffers, 4 are allowed']);
  expect(bound).toBe(4);
  expect(labels.filter((label) => label === 'mixed')).toHaveLength(1);

  const model = await loadProgram(device, apart, params, { profile: limited(limits) });
  const reference = referenceExecutor(apart, { param: (name) => params.get(name) ?? expect.fail(name) });
  for (const id of [1, 4, 2]) {
    const inputs = { ids: tensorOf('i32', [1, 1], [id]) };
    const { y } = await reference.run('step', inputs);
    expectClose((await model.run('step', inputs)).y, y ?? expect.fail('no y'), 1e-5);
  }
  await model.dispose();
});
