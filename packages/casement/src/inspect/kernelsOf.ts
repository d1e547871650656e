import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { elementCount, type Program } from '@casement/ir';
import { fileSource, readPlan } from '@casement/runtime';
import { buildBundle, type WeightLocation } from '@casement/webgpu';
import { compileFor } from '../artifact/compile.ts';
import { MANIFEST_FILE, readManifest } from '../artifact/manifest.ts';
import { UserError } from '../error.ts';
import { loadModel } from '../load/loadModel.ts';
import { buildProgram, type QuantizationOptions } from '../quantize/buildProgram.ts';
import { listKernels } from './listKernels.ts';
import { listUnfused } from './listUnfused.ts';

export interface KernelOptions extends QuantizationOptions {
  readonly checkpoint?: string;
  /** The only device class to show. */
  readonly variant?: string;
}

/**
 * The kernels of an artifact, or of a model as it would be built, without its weights; of a model also what ONNX leaves
 * unfused, unless one device class is named. Throws UserError when an artifact
 * has no WebGPU bundle.
 */
export async function kernelsOf(path: string, { checkpoint, variant, ...options }: KernelOptions): Promise<string> {
  const chosen = variant === undefined ? {} : { variant };
  if (existsSync(join(path, MANIFEST_FILE))) {
    const { webgpu } = (await readManifest(path)).targets;
    if (!webgpu) throw new UserError(`${path} was not built for webgpu; build it with --target webgpu or all`);
    return listKernels(await readPlan(fileSource(pathToFileURL(path)), webgpu.plan), chosen);
  }
  const { program } = buildProgram(await loadModel(path, checkpoint), options);
  const compiled = compileFor('webgpu', program);
  const { plan, reports } = buildBundle(compiled, { weights: placesOf(compiled) });
  const kernels = listKernels(plan, { ...chosen, reports });
  return variant === undefined ? `${kernels}\n\n${listUnfused(program)}` : kernels;
}

const BYTES = { bool: 1, u8: 1, f16: 2, bf16: 2, f32: 4, i32: 4, i64: 8 };

/** Where weights would be, in a file that nobody reads. */
function placesOf(program: Program): ReadonlyMap<string, WeightLocation> {
  const places = [...program.params.values()].map(({ name, type: { dtype, shape } }) => {
    const byteLength = elementCount(shape.map(Number)) * BYTES[dtype];
    return [name, { file: 'model.safetensors', byteOffset: 0, byteLength, dtype }] as const;
  });
  return new Map(places);
}
