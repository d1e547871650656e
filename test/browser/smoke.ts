/** What a device computed, and on which kind of adapter. */
export interface Smoke {
  readonly architecture: string;
  readonly isFallbackAdapter: boolean;
  /** One number per element of the input. */
  readonly values: Float32Array;
}

// WebGPU's GPUBufferUsage and GPUMapMode bits: Node has no such globals.
const STORAGE = 0x80;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const MAP_READ = 0x1;
const READ = 0x1;

const CODE = `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&x)) { return; }
  x[id.x] = 1.0 / (1.0 + exp(-x[id.x]));
}`;

/** The logistic function of `input`, on a default device of `gpu`. Throws if there is none. */
export async function logistic(gpu: GPU, input: Float32Array<ArrayBuffer>): Promise<Smoke> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('no WebGPU adapter');
  const { architecture, isFallbackAdapter } = adapter.info;
  const device = await adapter.requestDevice();
  const size = input.byteLength;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const result = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(buffer, 0, input);
  const module = device.createShaderModule({ code: CODE });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(Math.ceil(input.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, result, 0, size);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(READ);
  const values = new Float32Array(result.getMappedRange().slice(0));
  device.destroy();
  return { architecture, isFallbackAdapter, values };
}

/** {@link logistic} on the GPU of the page this runs in. */
export function logisticInPage(input: Float32Array<ArrayBuffer>): Promise<Smoke> {
  return logistic(navigator.gpu, input);
}

/** Makes a mistake that WebGPU reports to the console. */
export async function makeInvalidBuffer(): Promise<void> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  device?.createBuffer({ size: 4, usage: MAP_READ | STORAGE });
  await device?.queue.onSubmittedWorkDone();
}

/** What a page sees of the file at `url`: the bytes asked for, and whether it is isolated. */
export async function readRange(url: string, range: string): Promise<{ text: string; isolated: boolean }> {
  const response = await fetch(url, { headers: { range } });
  return { text: await response.text(), isolated: crossOriginIsolated };
}
