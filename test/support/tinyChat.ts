import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../packages/casement/src/artifact/build.ts';
import { randomWeights } from '../../packages/casement/src/randomWeights/randomWeights.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The picture that tests show: 131×97 pixels. */
export const PICTURE = join(root, 'packages/session/golden/image/rgb.png');

export type Fusion = 'casa' | 'ca' | 'insertion';

/**
 * Builds the model of examples/chat, with random weights, a fusion and caches of so many tokens of text, for ONNX
 * Runtime. Gives the artifact's folder.
 */
export async function buildTinyChat(dir: string, fusion: Fusion, text = 4096): Promise<string> {
  const example = join(root, 'examples/chat');
  const fields: object = JSON.parse(await readFile(join(example, 'config.json'), 'utf8'));
  const fused = { model_type: 'casa_qwen2_5_vl', fusion: { attention: fusion } };
  const config = { ...fields, ...(fusion === 'insertion' ? {} : fused) };
  const checkpoint = join(dir, `${fusion}-${text}-checkpoint`);
  await randomWeights({ config, out: checkpoint, dtype: 'f32', processorOf: example });
  const model = join(dir, `${fusion}-${text}.ts`);
  const source = JSON.stringify(config);
  await writeFile(
    model,
    `import { modelFromConfig } from 'casement';\nexport default modelFromConfig(${source}, { text: ${text} });\n`,
  );
  const out = join(dir, `${fusion}-${text}`);
  await build({ model, checkpoint, out, targets: ['onnx'] });
  return out;
}
