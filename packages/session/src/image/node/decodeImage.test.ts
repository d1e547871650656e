import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeImage } from './decodeImage.ts';

const read = (file: string) => readFileSync(new URL(`../../../golden/image/${file}`, import.meta.url));

it.each(['rgb.png', 'baseline.jpg', 'progressive.jpg', 'lossy.webp'])('%s: half of it is an error', async (file) => {
  const bytes = read(file);
  const half = bytes.subarray(0, bytes.length / 2);
  await expect(decodeImage(half)).rejects.toThrow(/^the (PNG|JPEG|WEBP) file of \d+×\d+ pixels cannot be decoded/);
});

it('stands pictures upright', async () => {
  expect(await decodeImage(read('orientation-1.jpg'))).toMatchObject({ width: 61, height: 37 });
  expect(await decodeImage(read('orientation-6.jpg'))).toMatchObject({ width: 37, height: 61 });
});

it('cuts 16-bit greys to their upper byte', async () => {
  const { data, width } = await decodeImage(read('grey16.png'));
  // The picture is (1000 x + 37 y) mod 65536.
  const [x, y] = [60, 44];
  const grey = (1000 * x + 37 * y) >> 8;
  expect([...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)]).toEqual([grey, grey, grey]);
});
