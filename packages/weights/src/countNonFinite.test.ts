import type { FloatDType } from '@casement/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFloats } from './convert.ts';
import { countNonFinite } from './countNonFinite.ts';

const special: Record<FloatDType, number[]> = {
  f32: [0x7f800000, 0xff800000, 0x7fc00000, 0xffffffff, 0x7f7fffff, 0, 0x80000000],
  f16: [0x7c00, 0xfc00, 0x7e00, 0xffff, 0x7bff, 0, 0x8000],
  bf16: [0x7f80, 0xff80, 0x7fc0, 0xffff, 0x7f7f, 0, 0x8000],
};

describe.each(['f32', 'f16', 'bf16'] as const)('countNonFinite of %s', (dtype) => {
  const max = dtype === 'f32' ? 0xffffffff : 0xffff;
  const element = fc.oneof(fc.constantFrom(...special[dtype]), fc.integer({ min: 0, max }));

  it('counts what the decoded numbers are, at any length and offset', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 9 }), fc.integer({ min: 0, max: 3 }), (elements, offset) => {
        const bits = dtype === 'f32' ? Uint32Array.from(elements) : Uint16Array.from(elements);
        const bytes = new Uint8Array(offset + bits.byteLength);
        bytes.set(new Uint8Array(bits.buffer), offset);
        const data = bytes.subarray(offset);
        const floats = decodeFloats(data, dtype);
        expect(countNonFinite(data, dtype)).toEqual({
          nan: floats.filter(Number.isNaN).length,
          infinite: floats.filter((value) => Math.abs(value) === Number.POSITIVE_INFINITY).length,
        });
      }),
      { numRuns: 1000 },
    );
  });
});

it('finds none among integers, whatever their bits', () => {
  expect(countNonFinite(new Uint8Array(16).fill(0xff), 'i64')).toEqual({ nan: 0, infinite: 0 });
});
