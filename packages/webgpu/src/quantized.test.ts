import { drawTensor, type HostTensor, parseProgram, seededRandom } from '@casement/ir';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClose, loadProgram, referenceOutputs, softwareDevice } from '../test/dawn.ts';
import { packWeights } from '../test/weights.ts';
import { type DeviceProfile, lowerToWebGpu, portableProfile } from './index.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

/** Devices that can bind and hold little, so that small tensors have to be split. */
const tiny: DeviceProfile = {
  ...portableProfile,
  limits: { ...portableProfile.limits, maxStorageBufferBindingSize: 1024, maxBufferSize: 2048 },
};

const [ROWS, COLUMNS] = [101, 40];

it.each([4, 8])('splits the packed rows of a tied embedding of %s bits, with zero points', async (bits) => {
  const attrs = `{bits=${bits}, block=32, columns=${COLUMNS}}`;
  const operands = '@embed_q, @embed_scales, @embed_zeros';
  const program = parseProgram(`
program tied
dim seq = 1 .. 2
param @embed_q : u8[${ROWS} 2 ${4 * bits}]
param @embed_scales : f32[${ROWS} 2]
param @embed_zeros : u8[${ROWS} ${bits / 4}]
param @bias : f32[${ROWS}]

entry main(%ids : i32[1 seq]) {
  %x : f32[1 seq ${COLUMNS}] = quantizedGather(%ids, ${operands}) ${attrs}
  %y : f32[1 seq ${ROWS}] = quantizedLinear(%x, ${operands}, @bias) ${attrs}
  return x = %x
  return y = %y
}
`);
  const random = seededRandom(3);
  const bytes = (shape: readonly number[]) => drawTensor('u8', shape, { below: 256 }, random);
  const params = new Map([
    ['embed_q', bytes([ROWS, 2, 4 * bits])],
    ['embed_scales', drawTensor('f32', [ROWS, 2], { within: 2 ** -bits }, random)],
    ['embed_zeros', bytes([ROWS, bits / 4])],
    ['bias', drawTensor('f32', [ROWS], 'normal', random)],
  ]);
  const { plan } = lowerToWebGpu(program, { weights: packWeights('w', params).locations, profile: tiny });
  const bindings = plan.variants[0]?.entries.main?.dispatches.flatMap((dispatch) => dispatch.bindings) ?? [];
  expect(bindings.length).toBeGreaterThan(10);
  expect(Math.max(...bindings.map((binding) => binding.bytes))).toBeLessThanOrEqual(1024);

  const model = await loadProgram(device, program, params, { profile: tiny });
  for (let id = 0; id < ROWS; id += 10) {
    const ids: HostTensor = { dtype: 'i32', shape: [1, 2], data: Int32Array.of(id, ROWS - 1 - id) };
    const outputs = await model.run('main', { ids });
    const wanted = referenceOutputs(program, 'main', new Map([...params, ['ids', ids]]));
    for (const [name, tensor] of wanted) expectClose(outputs[name], tensor, 1e-5);
  }
  await model.dispose();
});
