import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readImageSettings } from '@casement/session/image';
import { kvBytes, openModel } from 'casement';
import type { Captioner } from './captionFrames.ts';

/** Opens a captioner that was built into the folder `artifact`. */
export async function openCaptioner(
  artifact: string,
  target: 'onnx' | 'webgpu',
): Promise<Captioner & { dispose(): Promise<void> }> {
  const { manifest, session, tokenizer, generation, dispose } = await openModel(artifact, { target });
  const preprocessor = manifest.processor?.preprocessor;
  if (tokenizer === undefined || preprocessor === undefined) {
    await dispose();
    throw new Error(`${artifact} was built without the tokenizer and the preprocessor that lie beside its weights`);
  }
  return {
    session,
    tokenizer,
    images: readImageSettings(JSON.parse(await readFile(join(artifact, preprocessor), 'utf8'))),
    delimiters: manifest.processor?.images?.after ?? [],
    stopTokens: generation.settings.stopTokens ?? [],
    kvBytes,
    dispose,
  };
}
