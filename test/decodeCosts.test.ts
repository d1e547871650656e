import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Program, upperBound } from '@casement/ir';
import {
  type BundleReport,
  type DeviceProfile,
  gpuSubgroupsF16Profile,
  gpuSubgroupsProfile,
  lowerToWebGpu,
  type WebGpuBundle,
} from '@casement/webgpu';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../packages/casement/src/load/loadModel.ts';
import { compiledFor } from './support/compiledFor.ts';
import { boundBytes, type Lengths } from './support/decodeBytes.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

async function lower(
  name: string,
  dtype: 'f32' | 'f16',
  profile?: DeviceProfile,
): Promise<{ program: Program; bundle: WebGpuBundle }> {
  const { definition } = await loadModel(join(FIXTURES, name), undefined);
  const program = compiledFor('webgpu', definition.build({ dtype }));
  const places = [...program.params.values()].map(({ name, type }) => {
    const byteLength = (dtype === 'f32' ? 4 : 2) * type.shape.map(Number).reduce((a, b) => a * b, 1);
    return [name, { file: 'model.safetensors', byteOffset: 0, byteLength, dtype }] as const;
  });
  return { program, bundle: lowerToWebGpu(program, { weights: new Map(places), ...(profile ? { profile } : {}) }) };
}

describe.each(readdirSync(FIXTURES))('%s', (name) => {
  it('decodes with few dispatches, reads weights and caches once, and packs its memory', async () => {
    const { program, bundle } = await lower(name, 'f32');
    const step = bundle.report.entries.step?.special[0] ?? expect.fail('no list for decoding');
    expect(step.notes).toEqual([]);
    expect(step.dispatches + 2).toBeLessThanOrEqual(mostDispatches(program));
    const lengths: Lengths = { past: 20, window: 12 };
    const { read, needed } = boundBytes(program, bundle.plan, 'step', lengths);
    expect(read / needed).toBeLessThanOrEqual(1.03);
    expect(read).toBeGreaterThan(0.9 * needed);
    expectPacked(bundle.report);
  });
});

/** 5 for each layer, 3 more for each with a fusion layer, 6 for the rest, the choice of a token included. */
function mostDispatches(program: Program): number {
  const scopes = new Set([...program.params.keys()].map((param) => /^model\.layers\.\d+/.exec(param)?.[0]));
  scopes.delete(undefined);
  const fused = [...program.states.keys()].filter((state) => state.endsWith('.window.key')).length;
  return 5 * scopes.size + 3 * fused + 6;
}

/** No list takes much more memory than what is alive at once. */
function expectPacked({ entries, memory }: BundleReport): void {
  const lists = Object.values(entries).flatMap(({ arena, special }) => [arena, ...special.map((list) => list.arena)]);
  for (const { bytes, lowerBound } of lists) expect(bytes).toBeLessThanOrEqual(1.05 * lowerBound);
  const largest = Math.max(...lists.map(({ lowerBound }) => lowerBound));
  expect(memory.arena).toBeLessThanOrEqual(1.05 * largest);
}

it('keeps no more for a state than its capacity', async () => {
  const { program, bundle } = await lower('casa', 'f16');
  const capacities = [...program.states.values()].map(({ type }) =>
    type.shape.reduce<number>((product, size) => product * upperBound(size, program.dims), 2),
  );
  const total = capacities.reduce((a, b) => a + b, 0);
  expect(bundle.report.memory.state).toBeLessThanOrEqual(1.05 * total);
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
