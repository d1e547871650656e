import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './node/index.ts';
import { checkCapacity, imageTokens, patchGrid, preprocessImage } from './preprocess.ts';
import { readImageSettings } from './settings.ts';

interface Golden {
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly grid: readonly [number, number];
  readonly shape: readonly [number, number];
  readonly sha256: string;
  readonly samples: readonly (readonly [number, number])[];
}

const folder = new URL('../../golden/image/', import.meta.url);
// Written by golden/image/make.py, in this shape.
const goldens = JSON.parse(readFileSync(new URL('goldens.json', folder), 'utf8')) as Golden[];

describe('pixel values equal those of transformers to the bit', () => {
  it.each(goldens)('$file, $config', async ({ file, config, grid, shape, sha256, samples }) => {
    const settings = readImageSettings(config);
    const image = await decodeImage(readFileSync(new URL(file, folder)));
    const { pixelValues, grid: found } = preprocessImage(image, settings);
    expect([found.rows, found.columns]).toEqual(grid);
    expect(patchGrid(image, settings)).toEqual(found);
    expect(pixelValues.length).toBe(shape[0] * shape[1]);
    expect(samples.map(([at]) => pixelValues[at])).toEqual(samples.map(([, value]) => value));
    expect(createHash('sha256').update(pixelValues).digest('hex')).toBe(sha256);
  });
});

describe('checkCapacity', () => {
  const settings = readImageSettings({});

  it('accepts what fits exactly', () => {
    expect(imageTokens(patchGrid({ width: 896, height: 896 }, settings), settings)).toBe(1024);
    expect(() => checkCapacity({ width: 896, height: 896 }, settings, 1024)).not.toThrow();
  });

  it('names sizes and remedy', () => {
    expect(() => checkCapacity({ width: 4000, height: 3000 }, settings, 1024)).toThrowErrorMatchingInlineSnapshot(
      `[ImageError: an image of 4000×3000 pixels becomes 60×82 patches, 1230 image tokens; the model was built for at most 1024: set max_pixels to 802816 or less, give a smaller image, or build with a larger capacity]`,
    );
    const smaller = { ...settings, maxPixels: 1024 * 28 * 28 };
    expect(() => checkCapacity({ width: 4000, height: 3000 }, smaller, 1024)).not.toThrow();
  });
});

it('refuses what is not made of whole tokens when it must not resize', () => {
  const image = { width: 30, height: 28, data: new Uint8Array(3 * 30 * 28) };
  const settings = readImageSettings({ do_resize: false });
  expect(() => preprocessImage(image, settings)).toThrowErrorMatchingInlineSnapshot(
    `[ImageError: an image of 30×28 pixels is not made of whole tokens of 28×28, and do_resize is off: resize it first]`,
  );
  expect(preprocessImage({ ...image, width: 28 }, settings).grid).toEqual({ rows: 2, columns: 2 });
});
