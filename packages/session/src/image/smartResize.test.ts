import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readImageSettings } from './settings.ts';
import { smartResize } from './smartResize.ts';

it('gives the sizes of transformers', () => {
  const file = new URL('../../golden/image/sizes.json', import.meta.url);
  // Written by golden/image/make.py, in this shape.
  const rows = JSON.parse(readFileSync(file, 'utf8')) as [number, number, number, number, number, number, number][];
  expect(rows.length).toBeGreaterThan(250);
  for (const [width, height, factor, minPixels, maxPixels, newWidth, newHeight] of rows) {
    const settings = { ...readImageSettings({ merge_size: 1 }), patchSize: factor, minPixels, maxPixels };
    const size = { width, height };
    expect([size, smartResize(size, settings)]).toEqual([size, { width: newWidth, height: newHeight }]);
  }
});

it('refuses stripes', () => {
  const settings = readImageSettings({});
  expect(() => smartResize({ width: 200, height: 1 }, settings)).not.toThrow();
  expect(() => smartResize({ width: 4020, height: 20 }, settings)).toThrowErrorMatchingInlineSnapshot(
    `[ImageError: an image of 4020×20 pixels has an aspect ratio of 201, the model takes at most 200: crop it or cut it in parts]`,
  );
});
