import { copyFile, link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../artifact/manifest.ts';
import { stageFolder } from '../artifact/stage.ts';
import { clientJs } from './clientJs.ts';
import { clientPy } from './clientPy.ts';
import { contractOf } from './contract.ts';
import { inferenceService } from './inferenceService.ts';
import { modelConfig } from './modelConfig.ts';
import { encodeModel, externalFiles } from './onnxModel.ts';
import { tritonModels } from './tritonModels.ts';

export interface TritonOptions {
  /** A folder made by `build`, for ONNX. */
  readonly artifact: string;
  /** Folder to make, or to replace if it was made by this. */
  readonly out: string;
  /** Sequences that go on at the same time. Default: 16. */
  readonly sequences?: number;
  readonly signal?: AbortSignal;
}

const SERVICE_FILE = 'inference-service.yaml';

/**
 * Writes what Triton needs to serve an artifact: a model repository (`models`), the KServe manifest and two example
 * clients, all made from the manifest and the ONNX files. Weights are linked, or copied to another disk: ONNX Runtime
 * takes them from a model's own folder only. Throws UserError when Triton cannot serve the model.
 */
export async function writeTriton({
  artifact,
  out,
  sequences = 16,
  signal,
}: TritonOptions): Promise<readonly string[]> {
  const manifest = await readManifest(artifact);
  const models = await tritonModels(artifact, manifest);
  await stageFolder(out, { replaces: SERVICE_FILE, signal }, async (dir) => {
    for (const { name, model, states } of models) {
      const version = join(dir, 'models', name, '1');
      await mkdir(version, { recursive: true });
      await writeFile(join(version, 'model.onnx'), encodeModel(model));
      for (const file of externalFiles(model)) await share(join(artifact, file), join(version, file));
      const config = modelConfig({ name, model, states, sequences, instances: 1 });
      await writeFile(join(dir, 'models', name, 'config.pbtxt'), config);
    }
    await writeFile(join(dir, SERVICE_FILE), inferenceService(manifest, sequences));
    const decoder = models.find(({ entries }) => entries.includes('step'));
    if (decoder === undefined) return;
    const chunk = manifest.dims.seq?.max ?? 1;
    const contract = contractOf(decoder, manifest);
    await writeFile(join(dir, 'client.mjs'), clientJs(contract, chunk));
    await writeFile(join(dir, 'client.py'), clientPy(contract, chunk));
  });
  return models.map(({ name }) => name);
}

async function share(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}
