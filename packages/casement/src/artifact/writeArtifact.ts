import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '@casement/ir';
import { lowerToOnnx, type OnnxModel } from '@casement/onnx';
import type { Manifest } from '@casement/runtime';
import { programSignature } from '@casement/session/reference';
import { buildBundle } from '@casement/webgpu';
import type { QuantizationError, TensorLocation, TensorSource, UnusualValues } from '@casement/weights';
import { formatQuantizationFile, QUANTIZATION_FILE } from '../quantize/report.ts';
import { compileFor, type Profile, type Target } from './compile.ts';
import { copyProcessor } from './copyProcessor.ts';
import { writeLoader } from './loader/writeLoader.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { prepareWeights, type WeightOptions } from './prepareWeights.ts';

export interface ArtifactOptions extends WeightOptions {
  readonly targets: readonly Target[];
  /** Default: `ort`. */
  readonly profile?: Profile;
  /** A checkpoint whose tokenizer, and what else lies between people and the model, the artifact is to have. */
  readonly processorOf?: string;
}

export interface Artifact {
  readonly manifest: Manifest;
  /** Weights that are not finite, or became infinite in the build's dtype; worth a warning. */
  readonly unusual: readonly UnusualValues[];
  /** What quantising did to each weight that was quantised. */
  readonly errors: readonly QuantizationError[];
  /** Whether the weights of an earlier build were still right. */
  readonly keptWeights: boolean;
}

/**
 * Writes a whole artifact into an empty folder: the weights once, what each target needs, and the manifest. If the
 * artifact in `previous` has the same weights, they are kept, and the targets that it was built for are built too, so
 * that one folder serves all of them with one model. Throws WeightError when the checkpoint does not fit the program,
 * and whatever a target refuses to lower.
 */
export async function writeArtifact(
  dir: string,
  program: Program,
  source: TensorSource,
  options: ArtifactOptions,
  previous?: string,
): Promise<Artifact> {
  const { locations, keptFrom, put } = await prepareWeights(program, source, previous, options);
  const profile = onnxProfile(options, keptFrom);
  // Before gigabytes are written, since a target may refuse the program.
  const onnx = profile && lowerForOnnx(program, profile, locations);
  const webgpu =
    options.targets.includes('webgpu') || keptFrom?.targets.webgpu
      ? buildBundle(compileFor('webgpu', program), { weights: locations })
      : undefined;
  const { spec: weights, unusual, errors } = await put(dir);
  for (const [name, content] of [...(onnx?.files ?? []), ...(webgpu?.files ?? [])]) {
    await writeFile(join(dir, name), content);
  }
  const processor = options.processorOf ? await copyProcessor(options.processorOf, dir) : undefined;
  const manifest: Manifest = {
    format: 'casement/1',
    ...programSignature(program),
    weights,
    targets: { ...(onnx ? { onnx: onnx.target } : {}), ...(webgpu ? { webgpu: { plan: 'plan.json' } } : {}) },
    ...(processor ? { processor } : {}),
  };
  if (errors.length > 0) await writeFile(join(dir, QUANTIZATION_FILE), formatQuantizationFile(errors));
  await writeFile(join(dir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  if (webgpu) await writeLoader(dir, manifest, [...webgpu.files.keys()]);
  return { manifest, unusual, errors, keptWeights: keptFrom !== undefined };
}

/** The profile of the ONNX target, if it is to be built: what was asked for, or else what is there already. */
function onnxProfile({ targets, profile = 'ort' }: ArtifactOptions, before: Manifest | undefined): Profile | undefined {
  return targets.includes('onnx') ? profile : before?.targets.onnx?.profile;
}

function lowerForOnnx(program: Program, profile: Profile, locations: ReadonlyMap<string, TensorLocation>): OnnxModel {
  const weights = (name: string): TensorLocation => {
    const location = locations.get(name);
    if (location === undefined) throw new Error(`param "${name}" has no place`); // the report was complete
    return location;
  };
  return lowerToOnnx(compileFor('onnx', program, profile), { profile, weights });
}
