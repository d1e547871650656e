import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelDefinition } from '@casement/dsl';
import { dtypeBytes, type Program, upperBound } from '@casement/ir';
import { type DecoderConfig, decoder } from '@casement/models';
import {
  type BundleReport,
  type DeviceProfile,
  deviceProfiles,
  gpuSubgroupsF16Profile,
  gpuSubgroupsProfile,
  lowerToWebGpu,
  type WebGpuBundle,
} from '@casement/webgpu';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../packages/casement/src/load/loadModel.ts';
import type { BuildDType } from '../packages/casement/src/quantize/buildDType.ts';
import { buildProgram } from '../packages/casement/src/quantize/buildProgram.ts';
import { compiledFor } from './support/compiledFor.ts';
import { boundBytes, type Lengths, paramBytes } from './support/decodeBytes.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

async function lower(name: string, dtype: BuildDType, profile?: DeviceProfile): Promise<Lowered> {
  const { definition } = await loadModel(join(FIXTURES, name), undefined);
  return lowerModel(definition, dtype, profile);
}

interface Lowered {
  readonly program: Program;
  readonly bundle: WebGpuBundle;
}

function lowerModel(definition: ModelDefinition, dtype: BuildDType, profile?: DeviceProfile): Lowered {
  const program = compiledFor('webgpu', buildProgram({ definition }, { dtype }).program);
  const places = [...program.params.values()].map(({ name, type }) => {
    const place = { file: 'model.safetensors', byteOffset: 0, byteLength: paramBytes(type), dtype: type.dtype };
    return [name, place] as const;
  });
  return { program, bundle: lowerToWebGpu(program, { weights: new Map(places), ...(profile ? { profile } : {}) }) };
}

describe.each(readdirSync(FIXTURES))('%s', (name) => {
  it('decodes with few dispatches, reads weights and caches once, and packs its memory', async () => {
    const lowered = await lower(name, 'f32');
    expectCheap(lowered, { past: 20, window: 12 });
    expectPacked(lowered.bundle.report);
  });
});

// Sizes as in the models that people use, but for their number: alignment is small beside them.
const config: DecoderConfig = {
  name: 'sized',
  ...{ vocab: 2048, hidden: 512, ffn: 1408, layers: 2, heads: 8, kvHeads: 2, headDim: 64 },
  norm: { eps: 1e-6, scaleInF32: false },
  rope: { theta: 1e6, layout: 'half', sections: [16, 8, 8] },
  bias: { qkv: true, o: false, mlp: false },
  tied: false,
  fusion: { attention: 'casa', order: 'parallel', shared: false, updateImages: false },
  capacity: { text: 4096, window: 1024, image: 256, chunk: 128 },
};

describe.each(deviceProfiles)('for $name', (profile) => {
  it.each(['f32', 'f16', 'q4f16'] as const)('a decoder in %s keeps the same bounds', (dtype) => {
    const lowered = lowerModel(decoder(config), dtype, profile);
    expectCheap(lowered, { past: 3000, window: 700 });
    const { program, bundle } = lowered;
    const { memory, entries } = bundle.report;
    const weights = [...program.params.values()].reduce((sum, { type }) => sum + paramBytes(type), 0);
    const live = Math.max(...listsOf(entries).map((list) => list.arena.lowerBound));
    const taken = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
    expect(taken).toBeLessThanOrEqual(1.05 * (weights + capacities(program) + live));
  });
});

/** Few dispatches, and of weights and live caches no byte is read twice. */
function expectCheap({ program, bundle }: Lowered, lengths: Lengths): void {
  const step = bundle.report.entries.step?.special[0] ?? expect.fail('no list for decoding');
  expect(step.notes).toEqual([]);
  expect(step.dispatches + 2).toBeLessThanOrEqual(mostDispatches(program));
  const { read, needed } = boundBytes(program, bundle.plan, 'step', lengths);
  expect(read / needed).toBeLessThanOrEqual(1.03);
  expect(read).toBeGreaterThan(0.9 * needed);
}

/** 5 for each layer, 3 more for each with a fusion layer, 6 for the rest, the choice of a token included. */
function mostDispatches(program: Program): number {
  const scopes = new Set([...program.params.keys()].map((param) => /^model\.layers\.\d+/.exec(param)?.[0]));
  scopes.delete(undefined);
  const fused = [...program.states.keys()].filter((state) => state.endsWith('.window.key')).length;
  return 5 * scopes.size + 3 * fused + 6;
}

/** No list takes much more memory than what is alive at once. */
function expectPacked({ entries, memory }: BundleReport): void {
  const lists = listsOf(entries).map(({ arena }) => arena);
  for (const { bytes, lowerBound } of lists) expect(bytes).toBeLessThanOrEqual(1.05 * lowerBound);
  const largest = Math.max(...lists.map(({ lowerBound }) => lowerBound));
  expect(memory.arena).toBeLessThanOrEqual(1.05 * largest);
}

function listsOf(entries: BundleReport['entries']) {
  return Object.values(entries).flatMap(({ arena, special }) => [{ arena }, ...special]);
}

function capacities(program: Program): number {
  const sizes = [...program.states.values()].map(({ type }) =>
    type.shape.reduce<number>((product, size) => product * upperBound(size, program.dims), dtypeBytes(type.dtype)),
  );
  return sizes.reduce((a, b) => a + b, 0);
}

it('keeps no more for a state than its capacity', async () => {
  const { program, bundle } = await lower('casa', 'f16');
  expect(bundle.report.memory.state).toBeLessThanOrEqual(1.05 * capacities(program));
});

it('takes half the memory between kernels, and no dispatch more, where a device has halves', async () => {
  const reports = [gpuSubgroupsProfile, gpuSubgroupsF16Profile].map(async (profile) => {
    // Logits, which are in words for the host, are not the largest there.
    return (await lower('ca-update-images', 'f16', profile)).bundle.report;
  });
  const [words, halves] = await Promise.all(reports);
  if (!words || !halves) expect.fail('two were lowered');
  expect(halves.memory.arena).toBe(words.memory.arena / 2);
  expect(halves.memory.state).toBe(words.memory.state);
  for (const [entry, { dispatches, special }] of Object.entries(words.entries)) {
    expect(halves.entries[entry]?.dispatches).toBe(dispatches);
    const counts = halves.entries[entry]?.special.map((list) => list.dispatches);
    expect(counts).toEqual(special.map((list) => list.dispatches));
  }
});
