import { expect, it } from 'vitest';
import { encodeValues } from './bytes.ts';

it('writes every dtype little endian', () => {
  const hex = (...args: Parameters<typeof encodeValues>) => Buffer.from(encodeValues(...args)).toString('hex');
  expect(hex('f32', [1, -2])).toBe('0000803f000000c0');
  expect(hex('i32', [-2])).toBe('feffffff');
  expect(hex('i64', [-2, 2 ** 40])).toBe('feffffffffffffff0000000000010000');
  expect(hex('u8', [255])).toBe('ff');
  expect(hex('bool', [1, 0])).toBe('0100');
  expect(hex('bf16', [1, -0.1])).toBe('803fcdbd');
});

it('writes binary16: normal, subnormal, signed zero, the largest, infinite and no numbers', () => {
  const values = [1, -2, 0.1, 2 ** -24, -(2 ** -15), -0, 65504, 65520, -Infinity, Number.NaN];
  const bits = [0x3c00, 0xc000, 0x2e66, 0x0001, 0x8200, 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x7e00];
  expect([...new Uint16Array(encodeValues('f16', values).slice().buffer)]).toEqual(bits);
});
