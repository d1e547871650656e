import { drawTensor, parseProgram, seededRandom, tensorOf, verifyProgram } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClose, loadProgram, softwareDevice } from '../../test/dawn.ts';
import { packWeights } from '../../test/weights.ts';
import { lowerToWebGpu } from '../lowerToWebGpu.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

// A layer of somebody's own: layer norm, biases, another activation and gate, a norm that is an output, a value that is
// read in two places, and rows that do not come in fours.
const program = parseProgram(`
program own
dim seq = 1 .. 4
dim past = 0 .. 8
param @table : f32[5 8]
param @g : f32[8]
param @b : f32[8]
param @k : f32[8 8]
param @u : f32[10 8]
param @ub : f32[10]
param @d : f32[8 10]
param @scale : f32[2 1]
state $cache : f32[1 past 2 4] axis 1

entry step(%ids : i32[1 seq]) {
  %x : f32[1 seq 8] = gather(@table, %ids) {axis=0}
  %n : f32[1 seq 8] = layerNorm(%x, @g, @b) {eps=0.1}
  %k : f32[1 seq 8] = linear(%n, @k, @b)
  %heads : f32[1 seq 2 4] = reshape(%k) {shape=[1 seq 2 4]}
  %scaled : f32[1 seq 2 4] = mul(%heads, @scale)
  %grown : f32[1 past+seq 2 4] = append($cache, %scaled) {axis=1}
  %mixed : f32[1 seq 2 4] = attention(%heads, %grown, %grown) {causal=true, scale=0.5}
  %flat : f32[1 seq 8] = reshape(%mixed) {shape=[1 seq 8]}
  %o : f32[1 seq 8] = linear(%flat, @k)
  %h : f32[1 seq 8] = add(%x, %o)
  %up : f32[1 seq 10] = linear(%h, @u, @ub)
  %active : f32[1 seq 10] = gelu(%up) {approximate="tanh"}
  %y : f32[1 seq 8] = linear(%active, @d)
  %m : f32[1 seq 8] = rmsNorm(%h, @g) {eps=0.1, scaleInF32=true}
  %z : f32[1 seq 8] = linear(%m, @k)
  %both : f32[1 seq 8] = mul(%y, %z)
  keep $cache = %grown
  return normed = %m
  return both = %both
}
`);

it('fuses what it can of a layer, says why not the rest, and computes the same', async () => {
  verifyProgram(program);
  const random = seededRandom(4);
  const params = new Map(
    [...program.params.values()].map(({ name, type }) => {
      return [name, drawTensor(type.dtype, type.shape.map(Number), 'unit', random)] as const;
    }),
  );
  const { report } = lowerToWebGpu(program, { weights: packWeights('w', params).locations });
  expect(report.entries.step?.special[0]?.notes).toMatchInlineSnapshot(`
    [
      "shareInput: linear "y": rows of 10 numbers do not come in fours",
      "absorbNorm: rmsNorm "m": it is an output",
    ]
  `);
  expect(report.entries.step?.special[0]?.dispatches).toBeLessThan(10);
  const model = await loadProgram(device, program, params);
  const reference = referenceExecutor(program, { param: (name) => params.get(name) ?? expect.fail(name) });
  for (const ids of [[1], [4, 0], [2], [3]]) {
    const inputs = { ids: tensorOf('i32', [1, ids.length], ids) };
    const wanted = await reference.run('step', inputs);
    const actual = await model.run('step', inputs);
    for (const [name, tensor] of Object.entries(wanted)) expectClose(actual[name], tensor, 1e-5);
  }
  await model.dispose();
});
