import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acquireNodeGpu } from './acquire-node-gpu.ts';

afterEach(() => {
  vi.doUnmock('webgpu');
  vi.restoreAllMocks();
});

async function openDevice(gpu: GPU, requiredFeatures: GPUFeatureName[] = []): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  return adapter.requestDevice({ requiredFeatures });
}

/** Squares 0 … 63 on the device; the numbers are WebGPU's STORAGE | COPY_SRC, MAP_READ | COPY_DST and READ. */
async function squares(device: GPUDevice): Promise<number[]> {
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) { x[i] = f32(i * i); }`;
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const buffer = device.createBuffer({ size: 256, usage: 0x80 | 0x4 });
  const result = device.createBuffer({ size: 256, usage: 0x1 | 0x8 });
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, result, 0, 256);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(0x1);
  return [...new Float32Array(result.getMappedRange())];
}

const EXPECTED = Array.from({ length: 64 }, (_, i) => i * i);

describe('acquireNodeGpu', () => {
  it('says what to install without Dawn, and does not keep the failure', async () => {
    vi.doMock('webgpu', () => Promise.reject(new Error('not there')));
    await expect(acquireNodeGpu()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: WebGPU in Node needs the npm package "webgpu" (Dawn), which did not load: npm install webgpu]`,
    );
    vi.doUnmock('webgpu');
    expect(await squares(await openDevice(await acquireNodeGpu()))).toEqual(EXPECTED);
  });

  it('says where software is to be had, elsewhere', async () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    vi.spyOn(process, 'arch', 'get').mockReturnValue('arm64');
    await expect(acquireNodeGpu({ adapter: 'software' })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [Error: No WebGPU adapter. The software adapter exists for linux-x64 only, this is darwin-arm64.
      Instead of a software adapter: install a GPU driver (adapter 'auto'), or take adapter 'null', which validates without running.]
    `);
  });

  it('computes on SwiftShader, and leaves the environment alone', async () => {
    const before = { ...process.env };
    const gpu = await acquireNodeGpu({ adapter: 'software' });
    const adapter = await gpu.requestAdapter();
    expect(adapter?.info).toMatchObject({ architecture: 'swiftshader', isFallbackAdapter: true });
    expect(await squares(await openDevice(gpu))).toEqual(EXPECTED);
    expect({ ...process.env }).toEqual(before);
  });

  it('validates every feature on the null device', async () => {
    const device = await openDevice(await acquireNodeGpu({ adapter: 'null' }), ['shader-f16', 'subgroups']);
    device.pushErrorScope('validation');
    device.createShaderModule({ code: 'enable f16; enable subgroups; const half = 1h;' });
    expect(await device.popErrorScope()).toBeNull();
    device.pushErrorScope('validation');
    device.createShaderModule({ code: 'enable f16; const half: f16 = 1i;' });
    expect(await device.popErrorScope()).toMatchObject({ message: expect.stringContaining('f16') });
  });

  it('gives the same GPU every time', async () => {
    expect(await acquireNodeGpu({ adapter: 'null' })).toBe(await acquireNodeGpu({ adapter: 'null' }));
  });

  it('keeps Dawn alive for devices whose GPU nobody holds, through many of them', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    for (let round = 0; round < 20; round++) {
      const device = await openDevice(await acquireNodeGpu({ adapter: 'software' }));
      collect();
      await setTimeout(1);
      const result = squares(device);
      collect();
      expect(await result).toEqual(EXPECTED);
      device.destroy();
    }
  });
});
