import { expect, it } from 'vitest';
import { decodeHalves, encodeHalves } from './half.ts';

it('decodes and encodes every binary16 to itself', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const isNoNumber = (bits: number) => (bits & 0x7fff) > 0x7c00;
  const back = encodeHalves(decodeHalves(all));
  const wrong = all.filter((bits) => (isNoNumber(bits) ? !isNoNumber(back[bits] ?? 0) : back[bits] !== bits));
  expect([...wrong]).toEqual([]);
});

it('rounds to the nearest, ties to even', () => {
  const between = 1 + 2 ** -11;
  const values = [between, between + 2 ** -20, 1 + 3 * 2 ** -11, 65519.9, 65520, 2 ** -25, 2 ** -25 * 1.001, 1e-9, 0.1];
  expect([...encodeHalves(values)]).toEqual([0x3c00, 0x3c01, 0x3c02, 0x7bff, 0x7c00, 0x0000, 0x0001, 0x0000, 0x2e66]);
});
