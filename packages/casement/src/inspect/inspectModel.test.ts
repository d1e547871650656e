import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { model } from '@casement/dsl';
import { modelFromConfig } from '@casement/models';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../load/loadModel.ts';
import { presets } from '../randomWeights/presets.ts';
import { formatInspection } from './formatInspection.ts';
import { inspectModel } from './inspectModel.ts';
import { plotStream } from './plotStream.ts';

const fixtures = fileURLToPath(new URL('../../../../test/fixtures', import.meta.url));
const inspectFixture = async (name: string, options = {}) =>
  inspectModel((await loadModel(join(fixtures, name))).definition, options);

describe('Helium-1-2B with CASA', () => {
  const inspection = inspectModel(modelFromConfig(presets.get('2B')), { dtype: 'f16', frames: 8 });

  test('params by part', () => {
    const { parts, elements, bytes } = inspection.params;
    const sizes = Object.fromEntries(parts.map((part) => [part.part, part.elements]));
    expect(sizes).toMatchObject({
      embeddings: 64000 * 2048,
      'text layers': 28 * (2 * 2048 * 2048 + 2 * 2048 * 1024 + 3 * 2048 * 8192 + 2 * 2048) + 2048,
      'fusion layers': 28 * (2 * 2048 * 2048 + 2 * 2048 * 1024),
      lm_head: 64000 * 2048,
    });
    expect(Object.values(sizes).reduce((sum, size) => sum + size, 0)).toBe(elements);
    expect(bytes).toBe(2 * elements);
  });

  test('memory at capacity', () => {
    expect(inspection.cacheBytesAtCapacity).toBe(2 * 28 * 8 * 128 * 2 * (4096 + 2048));
  });

  test('costs of runs', () => {
    const runs = Object.fromEntries(inspection.runs.map(({ entry, given, flops }) => [`${entry}: ${given}`, flops]));
    expect(Object.keys(runs)).toEqual([
      'encodeImage: image of 16×16 tokens',
      'openWindow: image of 256 tokens',
      'step: chunk of 512 tokens, text of 0, window of 256',
      'step: 1 token, text of 0, window of 256',
      'step: 1 token, text of 4095, window of 256',
    ]);
    const [first = 0, last = 0] = [4, 5].map((index) => Object.values(runs)[index - 1]);
    expect(last - first).toBe(4 * 28 * 16 * 128 * 4095);
  });

  test('is all in the JSON', () => {
    expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection);
    expect(inspection.stream?.fusions.map(({ fusion, frames }) => [fusion, frames.length])).toEqual([
      ['insertion', 8],
      ['ca', 8],
      ['casa', 8],
    ]);
  });
});

test.each(['casa', 'qwen2_5-vl', 'text-only'])('the text of %s', async (name) => {
  const text = formatInspection(await inspectFixture(name, { frames: 20, imageTokens: 64, textTokens: 8 }));
  await expect(`${text}\n`).toMatchFileSnapshot(`../../golden/inspect/${name}.txt`);
});

test('a model that was made by hand has no stream, but the rest', () => {
  const inspection = inspectModel(model('empty', { dims: { batch: 1 }, entries: {} }));
  expect(inspection.stream).toBeUndefined();
  expect(plotStream(inspection)).toBeUndefined();
  expect(formatInspection(inspection)).toContain('0 parameters in 0 tensors');
});

test('the plot is an SVG picture with a line for each fusion and measure', async () => {
  const svg = plotStream(await inspectFixture('casa-qwen', { frames: 40 })) ?? '';
  const picture = await sharp(Buffer.from(svg)).metadata();
  expect(picture).toMatchObject({ format: 'svg', width: 1180, height: 380 });
  for (const fusion of ['insertion', 'ca', 'casa']) {
    expect(svg.split(`class="line ${fusion}"`)).toHaveLength(4);
  }
  expect(svg).not.toMatch(/NaN|undefined/);
});

test('sizes of a stream are whole numbers', async () => {
  await expect(inspectFixture('casa', { frames: 0 })).rejects.toThrow('frames is 0; give a whole number above 0');
});
