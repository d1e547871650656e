import { drawTensor, type HostTensor, parseProgram, seededRandom } from '@casement/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const [ROWS, SIZE] = [101, 12];

function program(dtype: string) {
  return parseProgram(`
program tied
dim seq = 1 .. 2
param @embed : ${dtype}[${ROWS} ${SIZE}]
param @bias : ${dtype}[${ROWS}]

entry main(%ids : i32[1 seq]) {
  %x : ${dtype}[1 seq ${SIZE}] = gather(@embed, %ids) {axis=0}
  %y : ${dtype}[1 seq ${ROWS}] = linear(%x, @embed, @bias)
  return x = %x
  return y = %y
}
`);
}

describe.each([
  ['f32', 1e-5],
  ['f16', 1e-2],
  ['bf16', 8e-2],
] as const)('a tied %s embedding that is too large to be bound', (dtype, tolerance) => {
  const random = seededRandom(3);
  const params = new Map([
    ['embed', drawTensor(dtype, [ROWS, SIZE], 'normal', random)],
    ['bias', drawTensor(dtype, [ROWS], 'normal', random)],
  ]);

  it('is split by rows, and gives what the whole gives', async () => {
    const { locations } = packWeights('w', params);
    const { plan } = lowerToWebGpu(program(dtype), { weights: locations, profile: tiny });
    const [variant] = plan.variants;
    const bindings = variant?.entries.main?.dispatches.flatMap((dispatch) => dispatch.bindings) ?? [];
    expect(Math.max(...bindings.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1024);
    expect(Math.max(...Object.values(variant?.buffers ?? {}).map(({ bytes }) => bytes))).toBeLessThanOrEqual(2048);
    expect(variant?.uploads.filter(({ byteLength }) => byteLength > 500).length).toBeGreaterThan(2);

    const model = await loadProgram(device, program(dtype), params, { profile: tiny });
    for (let id = 0; id < ROWS; id += 2) {
      const ids: HostTensor = { dtype: 'i32', shape: [1, 2], data: Int32Array.of(id, ROWS - 1 - id) };
      const outputs = await model.run('main', { ids });
      const wanted = referenceOutputs(program(dtype), 'main', new Map([...params, ['ids', ids]]));
      for (const [name, tensor] of wanted) expectClose(outputs[name], tensor, tolerance);
    }
    await model.dispose();
  });
});

it('computes grids of more workgroups than one axis has', async () => {
  const count = 65535 * 64 + 1000;
  const model = await loadProgram(
    device,
    parseProgram(`
program long
dim n = 1 .. ${count}
entry main(%scale : i32[1]) {
  %index : i32[${count}] = iota() {size=${count}}
  %y : i32[${count}] = mul(%index, %scale)
  return y = %y
}
`),
  );
  const { y } = await model.run('main', { scale: { dtype: 'i32', shape: [1], data: Int32Array.of(3) } });
  expect(y?.data.findIndex((value, i) => value !== 3 * i)).toBe(-1);
  await model.dispose();
});
