import { readdirSync, readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { readImageHeader } from './header.ts';
import { admitImage } from './limit.ts';

const folder = new URL('../../golden/image/', import.meta.url);
const files = readdirSync(folder).filter((file) => /\.(png|jpg|webp)$/.test(file));

it.each(files)('%s: what sharp says', async (file) => {
  const bytes = readFileSync(new URL(file, folder));
  const { format, width, height } = await sharp(bytes).metadata();
  expect(readImageHeader(bytes)).toEqual({ format, width, height });
});

it('reads lossy WebP with transparency (VP8X)', async () => {
  const pixels = { create: { width: 33, height: 17, channels: 4, background: '#12345678' } } as const;
  expect(readImageHeader(await sharp(pixels).webp().toBuffer())).toEqual({ format: 'webp', width: 33, height: 17 });
});

it.each([
  ['an empty file', new Uint8Array()],
  ['text', new TextEncoder().encode('hello, world')],
  ['a GIF', new TextEncoder().encode('GIF89a______')],
])('refuses %s', (_, bytes) => {
  expect(() => readImageHeader(bytes)).toThrowErrorMatchingSnapshot();
});

it.each(files)('%s: never reads past the end', (file) => {
  const bytes = readFileSync(new URL(file, folder));
  for (let length = 0; length < 200; length++) {
    try {
      readImageHeader(bytes.subarray(0, length));
    } catch (error) {
      expect(error).toHaveProperty('name', 'ImageError');
    }
  }
});

it('refuses absurd sizes before decoding', () => {
  const bytes = new Uint8Array(readFileSync(new URL('one.png', folder)));
  new DataView(bytes.buffer).setUint32(16, 20_000);
  new DataView(bytes.buffer).setUint32(20, 20_000);
  expect(() => admitImage(bytes, {})).toThrowErrorMatchingInlineSnapshot(
    `[ImageError: the image file says 20000×20000 pixels, above the limit of 178956970 in all: give a smaller image, or set pixelLimit if this one is meant]`,
  );
  expect(admitImage(bytes, { pixelLimit: 4e8 })).toMatchObject({ width: 20_000, height: 20_000 });
  new DataView(bytes.buffer).setUint32(16, 0);
  expect(() => admitImage(bytes, {})).toThrow('the image file says 0×20000 pixels: it is damaged');
});
