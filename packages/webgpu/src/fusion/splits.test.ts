import { drawTensor, parseProgram, seededRandom, tensorOf, verifyProgram } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileOnce } from '../../../../test/support/compileOnce.ts';
import { expectClose, softwareDevice } from '../../test/dawn.ts';
import { loadDecoding } from '../../test/loadDecoding.ts';
import { gpuProfile, portableProfile } from '../profile.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = compileOnce(await softwareDevice());
});
afterAll(() => device.destroy());

const program = parseProgram(`
program splits
dim seq = 1 .. 2
dim rows = 1 .. 700
dim past = 0 .. 701
param @q : f32[3 24]
param @k : f32[3 8]
param @o : f32[8 24]
state $k : f32[1 past 2 4] axis 1

entry fill(%x : f32[1 rows 2 4]) {
  %filled : f32[1 past+rows 2 4] = append($k, %x) {axis=1}
  keep $k = %filled
}

entry step(%ids : i32[1 seq]) {
  %rows : f32[1 seq 24] = gather(@q, %ids) {axis=0}
  %q : f32[1 seq 6 4] = reshape(%rows) {shape=[1 seq 6 4]}
  %own : f32[1 seq 8] = gather(@k, %ids) {axis=0}
  %k : f32[1 seq 2 4] = reshape(%own) {shape=[1 seq 2 4]}
  %keys : f32[1 past+seq 2 4] = append($k, %k) {axis=1}
  %mixed : f32[1 seq 6 4] = attention(%q, %keys, %keys) {causal=true, scale=2}
  %flat : f32[1 seq 24] = reshape(%mixed) {shape=[1 seq 24]}
  %y : f32[1 seq 8] = linear(%flat, @o)
  keep $k = %keys
  return y = %y
}
`);

// Past the borders at which another split is used, and beyond the last of them.
it.each([portableProfile, gpuProfile])(
  'joins as many splits of a cache as its length has, for $name',
  async (profile) => {
    verifyProgram(program);
    const random = seededRandom(2);
    const draw = (shape: readonly number[]) => drawTensor('f32', shape, 'normal', random);
    const params = new Map([...program.params.values()].map(({ name, type }) => [name, draw(type.shape.map(Number))]));
    const model = await loadDecoding(device, program, params, profile, ['step', 'fill']);
    const reference = referenceExecutor(program, { param: (name) => params.get(name) ?? expect.fail(name) });
    const inputs = { ids: tensorOf('i32', [1, 1], [1]) };
    for (const length of [0, 31, 32, 127, 128, 300, 700]) {
      await Promise.all([model.reset(), reference.reset()]);
      const rows = { x: draw([1, length, 2, 4]) };
      if (length > 0) await Promise.all([model.run('fill', rows), reference.run('fill', rows)]);
      const { y } = await reference.run('step', inputs);
      expectClose((await model.run('step', inputs)).y, y ?? expect.fail('no y'), 1e-5);
    }
    await model.dispose();
  },
);
