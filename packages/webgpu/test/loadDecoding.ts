import type { HostTensor, Program } from '@casement/ir';
import { type EntryPlan, loadBundle, memorySource, type PlanVariant, type WebGpuModel } from '@casement/runtime';
import { expect } from 'vitest';
import { type DeviceProfile, lowerToWebGpu } from '../src/index.ts';
import { packWeights } from './weights.ts';

/**
 * A model of which some entries can only decode, one token after another, with tokens that the caller chooses: kernels
 * over tiles take a software adapter long to compile.
 */
export function loadDecoding(
  device: GPUDevice,
  program: Program,
  params: ReadonlyMap<string, HostTensor>,
  profile: DeviceProfile,
  names: readonly string[] = ['step'],
): Promise<WebGpuModel> {
  const { file, locations } = packWeights('model.safetensors', params);
  const { files, plan } = lowerToWebGpu(program, { weights: locations, profile });
  const variant = plan.variants[0] ?? expect.fail('no variant');
  const entries = Object.fromEntries(names.map((name) => [name, decodingOnly(variant.entries[name])]));
  const used = new Set(JSON.stringify(entries).match(/(?<="kernel":")[^"]+/g));
  const kernels = Object.fromEntries(Object.entries(variant.kernels).filter(([id]) => used.has(id)));
  const only: PlanVariant = { ...variant, kernels, entries };
  const text = JSON.stringify({ ...plan, variants: [only] });
  const source = memorySource(new Map([...files, ['plan.json', text], ['model.safetensors', file]]));
  return loadBundle({ source, device });
}

function decodingOnly(entry: EntryPlan = expect.fail('no such entry')): EntryPlan {
  const [decode] = entry.special ?? [];
  if (!decode) return entry;
  const { loop: _, ...list } = decode;
  return { ...entry, dispatches: [], special: [list] };
}
