import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '@casement/ir';
import { lowerToOnnx } from '@casement/onnx';
import type { Manifest, OnnxTarget, WebGpuTarget } from '@casement/runtime';
import { programSignature } from '@casement/session/reference';
import { lowerToWebGpu } from '@casement/webgpu';
import {
  matchParams,
  type RenameTable,
  requireComplete,
  shardTensor,
  type TensorLocation,
  type TensorSource,
  type UnusualValues,
  type WriteProgress,
  writeShards,
} from '@casement/weights';
import { expectedParams } from '../load/expectedParams.ts';
import { compileFor, type Profile, type Target } from './compile.ts';
import { MANIFEST_FILE } from './manifest.ts';

export interface ArtifactOptions {
  readonly targets: readonly Target[];
  /** Default: `ort`. */
  readonly profile?: Profile;
  readonly rename?: RenameTable;
  /** Accept tensors of the checkpoint that the model does not use; default: they are an error. */
  readonly allowExtra?: boolean;
  readonly onProgress?: (progress: WriteProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Artifact {
  readonly manifest: Manifest;
  /** Weights that are not finite, or became infinite in the build's dtype; worth a warning. */
  readonly unusual: readonly UnusualValues[];
}

/**
 * Writes a whole artifact into an empty folder: the weights once, what each target needs, and the manifest. Throws
 * WeightError when the checkpoint does not fit the program, and whatever a target refuses to lower.
 */
export async function writeArtifact(
  dir: string,
  program: Program,
  source: TensorSource,
  { targets, profile = 'ort', rename, allowExtra = false, onProgress, signal }: ArtifactOptions,
): Promise<Artifact> {
  const report = matchParams(expectedParams(program), source, rename);
  requireComplete(report, { allowLeftOver: allowExtra });
  const tensors = report.matched.map(({ name, tensor }) => {
    const dtype = program.params.get(name)?.type.dtype ?? tensor.dtype;
    return shardTensor(source, tensor.name, { name, dtype });
  });
  const {
    shards,
    tensors: locations,
    unusual,
  } = await writeShards(dir, tensors, {
    metadata: { format: 'pt' },
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  const onnx = targets.includes('onnx') ? await writeOnnx(dir, program, profile, locations) : undefined;
  const webgpu = targets.includes('webgpu') ? await writeWebGpu(dir, program, locations) : undefined;
  const manifest: Manifest = {
    format: 'casement/1',
    ...programSignature(program),
    weights: { bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0), shards },
    targets: { ...(onnx ? { onnx } : {}), ...(webgpu ? { webgpu } : {}) },
  };
  await writeFile(join(dir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return { manifest, unusual };
}

type Locations = ReadonlyMap<string, TensorLocation>;

async function writeOnnx(dir: string, program: Program, profile: Profile, locations: Locations): Promise<OnnxTarget> {
  const weights = (name: string): TensorLocation => {
    const location = locations.get(name);
    if (location === undefined) throw new Error(`param "${name}" was not written`); // the report was complete
    return location;
  };
  const { files, target } = lowerToOnnx(compileFor('onnx', program, profile), { profile, weights });
  await writeFiles(dir, files);
  return target;
}

async function writeWebGpu(dir: string, program: Program, locations: Locations): Promise<WebGpuTarget> {
  const { files } = lowerToWebGpu(compileFor('webgpu', program), { weights: locations });
  await writeFiles(dir, files);
  return { plan: 'plan.json' };
}

async function writeFiles(dir: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of files) await writeFile(join(dir, name), content);
}
