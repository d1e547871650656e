import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { preprocessImage, readImageSettings } from '@casement/session/image';
import { decodeImage } from '@casement/session/image-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { captureCanvas, decodeStart, pixelValuesInPage } from './images.ts';
import { type BrowserPage, openPage } from './open-page.ts';

const PAGE = new URL('./images.ts', import.meta.url);
const folder = new URL('../../packages/session/golden/image/', import.meta.url);
// Written by golden/image/make.py, in this shape.
const goldens = JSON.parse(readFileSync(new URL('goldens.json', folder), 'utf8')) as {
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly sha256: string;
}[];
let browser: BrowserPage;
const urlOf = (file: string) => browser.url(fileURLToPath(new URL(file, folder)));

beforeAll(async () => {
  browser = await openPage();
});

afterAll(() => browser?.close());

it('gives the pixel values of transformers for every picture', async () => {
  for (const { file, config, sha256 } of goldens) {
    const values = await browser.run<typeof pixelValuesInPage>(PAGE, 'pixelValuesInPage', urlOf(file), config);
    expect(createHash('sha256').update(values).digest('hex'), file).toBe(sha256);
  }
});

it('cuts 16-bit greys as sharp does', async () => {
  const inPage = await browser.run<typeof pixelValuesInPage>(PAGE, 'pixelValuesInPage', urlOf('grey16.png'), {});
  const image = await decodeImage(readFileSync(new URL('grey16.png', folder)));
  expect(inPage).toEqual(preprocessImage(image, readImageSettings({})).pixelValues);
});

it('says what is wrong with a file', async () => {
  const decode = (file: string, length: number) =>
    browser.run<typeof decodeStart>(PAGE, 'decodeStart', urlOf(file), length);
  expect(await decode('rgb.png', 99_999)).toBe('131×97');
  await expect(decode('rgb.png', 500)).rejects.toThrow(/the PNG file of 131×97 pixels cannot be decoded/);
  await expect(decode('baseline.jpg', 10)).rejects.toThrow(/ends within its header/);
  await expect(decode('goldens.json', 99)).rejects.toThrow(/not a PNG, JPEG or WebP file/);
});

it('captures what a canvas shows', async () => {
  const data = await browser.run<typeof captureCanvas>(PAGE, 'captureCanvas');
  expect([...data]).toEqual([10, 20, 30, 200, 100, 50]);
});
