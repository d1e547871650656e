import { bindDims, evaluateGraph, type HostTensor, type Program, type Value } from '@casement/ir';
import { loadBundle, memorySource, type WebGpuModel } from '@casement/runtime';
import { expect } from 'vitest';
import { acquireNodeGpu } from '../../session/src/webgpu/node/index.ts';
import { lowerToWebGpu, type WebGpuOptions } from '../src/index.ts';
import { packWeights } from './weights.ts';

/** The software adapter, which every machine has. */
export async function softwareAdapter(): Promise<GPUAdapter> {
  const gpu = await acquireNodeGpu({ adapter: 'software' });
  return (await gpu.requestAdapter()) ?? expect.fail('no adapter');
}

export async function softwareDevice(): Promise<GPUDevice> {
  return (await softwareAdapter()).requestDevice();
}

/** Builds a program for WebGPU with these params and loads it. */
export function loadProgram(
  device: GPUDevice,
  program: Program,
  params: ReadonlyMap<string, HostTensor> = new Map(),
  options: Omit<WebGpuOptions, 'weights'> = {},
): Promise<WebGpuModel> {
  const { file, locations } = packWeights('model.safetensors', params);
  const bundle = lowerToWebGpu(program, { weights: locations, ...options });
  return loadBundle({ source: memorySource(new Map([...bundle.files, ['model.safetensors', file]])), device });
}

/** What the reference says an entry without states gives. */
export function referenceOutputs(
  program: Program,
  entry: string,
  tensors: ReadonlyMap<string, HostTensor>,
): Map<string, HostTensor> {
  const graph = program.entries.get(entry) ?? expect.fail(`no entry ${entry}`);
  const given = ({ name }: Value) => tensors.get(name) ?? expect.fail(`no tensor ${name}`);
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const bindings = bindDims(program, graph, shapes, new Map());
  const results = evaluateGraph(
    graph,
    graph.outputs.map(({ value }) => value),
    { given, bindings },
  );
  return new Map(graph.outputs.map(({ name }, i) => [name, results[i] ?? expect.fail(name)]));
}

/** Equal dtype and shape, and elements within `tolerance` absolutely plus relatively. */
export function expectClose(actual: HostTensor | undefined, wanted: HostTensor, tolerance: number): void {
  expect(actual).toMatchObject({ dtype: wanted.dtype, shape: wanted.shape });
  const found = Array.from(actual?.data ?? []);
  expect(found.length).toBe(wanted.data.length);
  wanted.data.forEach((value, i) => {
    const got = found[i] ?? Number.NaN;
    const close = Object.is(got, value) || Math.abs(got - value) <= tolerance * (1 + Math.abs(value));
    if (!close) expect.fail(`element ${i} is ${got}, not ${value} (off by ${Math.abs(got - value)})`);
  });
}
