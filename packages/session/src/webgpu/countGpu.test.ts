import { expect, test } from 'vitest';
import { countGpu } from './countGpu.ts';
import { acquireNodeGpu } from './node/index.ts';

test('counts what is asked of a device, its encoders and its buffers', async () => {
  const adapter = await (await acquireNodeGpu({ adapter: 'software' })).requestAdapter();
  const device = (await adapter?.requestDevice()) ?? expect.fail('no device');
  const counter = countGpu(device);
  const [STORAGE, COPY_SRC, COPY_DST, MAP_READ] = [128, 4, 8, 1];
  const data = device.createBuffer({ size: 64, usage: STORAGE | COPY_SRC | COPY_DST });
  const host = device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST });
  const module = device.createShaderModule({
    code: '@group(0) @binding(0) var<storage, read_write> x: array<u32>; @compute @workgroup_size(1) fn main() { x[0] += 1u; }',
  });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const layout = pipeline.getBindGroupLayout(0);
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: data } }] });
  device.queue.writeBuffer(data, 0, new Uint32Array([41, 7]));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(data, 0, host, 0, 16);
  device.queue.submit([encoder.finish()]);
  await host.mapAsync(MAP_READ);
  expect(new Uint32Array(host.getMappedRange(0, 8))).toEqual(new Uint32Array([42, 7]));

  expect(counter.take()).toEqual({
    createBuffer: 2,
    createBindGroup: 1,
    createPipeline: 1,
    computePasses: 1,
    dispatches: 1,
    submits: 1,
    writeBuffers: 1,
    bytesWritten: 8,
    bytesReadBack: 8,
  });
  expect(counter.take().dispatches).toBe(0);
  expect(counter.live).toEqual({ buffers: 2, bytes: 80 });
  host.destroy();
  expect(counter.live).toEqual({ buffers: 1, bytes: 64 });
  expect(counter.peakBytes).toBe(80);
  device.destroy();
});
