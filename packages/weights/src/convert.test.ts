import type { FloatDType } from '@casement/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert, decodeFloats, encodeFloats } from './convert.ts';

/** Precision and exponent range; f32 is what the numbers come in. */
const FORMATS = {
  f16: { mantissa: 10, minExponent: -14, maxExponent: 15 },
  bf16: { mantissa: 7, minExponent: -126, maxExponent: 127 },
};
type HalfDType = keyof typeof FORMATS;

/** The obvious way: scale to units of the last place, round to even, scale back. Doubles hold all of it exactly. */
function roundSlowly(value: number, dtype: HalfDType): number {
  if (Number.isNaN(value) || !Number.isFinite(value) || value === 0) return value;
  const { mantissa, minExponent, maxExponent } = FORMATS[dtype];
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), minExponent);
  const unit = 2 ** (exponent - mantissa);
  const scaled = Math.abs(value) / unit;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  const result = rounded * unit;
  return Math.sign(value) * (result >= 2 ** (maxExponent + 1) ? Number.POSITIVE_INFINITY : result);
}

/** Written out from the definition of the formats. */
function decodeSlowly(bits: number, dtype: HalfDType): number {
  const { mantissa, minExponent } = FORMATS[dtype];
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> mantissa;
  const fraction = bits & (2 ** mantissa - 1);
  if (exponent === 0x7fff >> mantissa) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (minExponent - mantissa);
  return sign * (2 ** mantissa + fraction) * 2 ** (minExponent + exponent - 1 - mantissa);
}

const floatFromBits = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;
const anyFloat32 = fc.integer({ min: 0, max: 0xffffffff }).map(floatFromBits);
/** Values on, between and next to the numbers of a 16-bit format, more often at its ends: where rounding goes wrong first. */
const nearTie = (dtype: HalfDType) => {
  const { mantissa } = FORMATS[dtype];
  const smallestNormal = 2 ** mantissa;
  const infinity = 0x7fff - (smallestNormal - 1);
  const ends = fc.constantFrom(0, 1, smallestNormal - 1, smallestNormal, infinity - 2, infinity - 1);
  const magnitude = fc.oneof(ends, fc.integer({ min: 0, max: infinity - 1 }));
  return fc.tuple(magnitude, fc.integer({ min: -2, max: 2 }), fc.boolean()).map(([bits, nudge, negative]) => {
    const value = decodeSlowly(bits, dtype);
    const gap = value - decodeSlowly(Math.max(0, bits - 1), dtype) || decodeSlowly(1, dtype);
    const next = bits === infinity - 1 ? value + gap : decodeSlowly(bits + 1, dtype);
    const [middle = 0] = new Uint32Array(Float32Array.of((value + next) / 2).buffer);
    return floatFromBits(Math.max(0, middle + nudge)) * (negative ? -1 : 1);
  });
};

const all16Bits = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const bytesOf = (view: Uint16Array | Float32Array) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const halvesOf = (bytes: Uint8Array) => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);

describe.each(['f16', 'bf16'] as const)('%s', (dtype) => {
  it('widens all 65,536 values exactly', () => {
    const floats = decodeFloats(bytesOf(all16Bits), dtype);
    expect(floats).toEqual(Float32Array.from(all16Bits, (bits) => decodeSlowly(bits, dtype)));
    expect(Object.is(floats[0x8000], -0)).toBe(true);
  });

  it('comes back to the same bits from f32, NaN as a NaN', () => {
    const back = halvesOf(encodeFloats(decodeFloats(bytesOf(all16Bits), dtype), dtype));
    const isNaN16 = (bits: number) => Number.isNaN(decodeSlowly(bits, dtype));
    const changed = all16Bits.filter((bits) => back[bits] !== bits);
    expect([...changed].filter((bits) => !(isNaN16(bits) && isNaN16(back[bits] ?? 0)))).toEqual([]);
  });

  it('rounds any f32 to nearest, ties to even', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyFloat32, nearTie(dtype)), { maxLength: 64 }), (values) => {
        const floats = Float32Array.from(values);
        const expected = Float32Array.from(floats, (value) => roundSlowly(value, dtype));
        const { bytes, overflowed } = convert(bytesOf(floats), 'f32', dtype);
        expect(decodeFloats(bytes, dtype)).toEqual(expected);
        const toInfinity = floats.filter(
          (value, i) => Number.isFinite(value) && Math.abs(expected[i] ?? 0) === Number.POSITIVE_INFINITY,
        );
        expect(overflowed).toBe(toInfinity.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps a NaN whose payload lies in the dropped bits', () => {
    const floats = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001).buffer);
    const halves = halvesOf(encodeFloats(floats, dtype));
    expect([...halves].map((bits) => decodeSlowly(bits, dtype))).toEqual([Number.NaN, Number.NaN]);
    expect((halves[1] ?? 0) & 0x8000).toBe(0x8000);
  });
});

describe('convert', () => {
  it.each([
    ['bf16', 'f16'],
    ['f16', 'bf16'],
  ] as const)('%s to %s equals the two steps through f32', (from, to) => {
    // All values, over several blocks and with an odd end.
    const many = Uint16Array.from({ length: 65536 + 4097 }, (_, i) => i & 0xffff);
    const direct = convert(bytesOf(many), from, to);
    const steps = convert(convert(bytesOf(many), from, 'f32').bytes, 'f32', to);
    expect(direct).toEqual(steps);
    if (to === 'f16') expect(direct.overflowed).toBeGreaterThan(0);
  });

  it('counts the finite values that became infinite, and only those', () => {
    const values = Float32Array.of(65504, 65519.99, 65520, -1e30, Number.POSITIVE_INFINITY, Number.NaN);
    const { bytes, overflowed } = convert(bytesOf(values), 'f32', 'f16');
    expect(overflowed).toBe(2);
    expect([...halvesOf(bytes)]).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7e00]);
  });

  it('reads bytes that do not lie aligned', () => {
    const floats = Float32Array.of(1.5, -2.25, 3e-7);
    const shifted = new Uint8Array(13);
    shifted.set(bytesOf(floats), 1);
    for (const to of ['f16', 'bf16', 'f32'] satisfies FloatDType[]) {
      const { bytes } = convert(shifted.subarray(1), 'f32', to);
      expect(decodeFloats(bytes, to)).toEqual(decodeFloats(encodeFloats(floats, to), to));
    }
  });

  it('gives back the same bytes for the same type, and refuses what has no conversion', () => {
    const bytes = Uint8Array.of(1, 0, 1);
    expect(convert(bytes, 'bool', 'bool').bytes).toBe(bytes);
    expect(() => convert(bytes, 'i32', 'f32')).toThrowErrorMatchingInlineSnapshot(
      `[WeightError: There is no conversion from i32 to f32: only f32, f16 and bf16 convert.]`,
    );
    expect(() => convert(bytes, 'f32', 'f16')).toThrow('3 bytes are not a whole number of 4-byte elements.');
    expect(() => convert(bytes, 'bf16', 'f32')).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: 3 bytes are not a whole number of 2-byte elements.]`,
    );
  });
});
