import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundToBf16, roundToF16 } from './round.ts';

/** The number a binary16 pattern stands for (IEEE 754). */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The number a bfloat16 pattern stands for: the upper half of an f32. */
function brain(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] ?? Number.NaN;
}

describe.each([
  { name: 'f16', round: roundToF16, number: half, infinity: 0x7c00 },
  { name: 'bf16', round: roundToBf16, number: brain, infinity: 0x7f80 },
])('rounding to $name', ({ round, number, infinity }) => {
  it('keeps every number of the format', () => {
    for (let bits = 0; bits <= infinity; bits++) {
      if (!Object.is(round(number(bits)), number(bits))) expect(round(number(bits))).toBe(number(bits));
      if (!Object.is(round(-number(bits)), -number(bits))) expect(round(-number(bits))).toBe(-number(bits));
    }
    expect(round(Number.NaN)).toBeNaN();
  });

  it('takes halfway numbers to the even neighbour, others to the nearer one', () => {
    for (let bits = 0; bits < infinity - 1; bits++) {
      const [low, high] = [number(bits), number(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? low : high;
      const inside = (high - low) / 1024;
      const wrong = [round(middle) - even, round(middle - inside) - low, round(middle + inside) - high];
      if (wrong.some((difference) => difference !== 0)) expect([bits, ...wrong]).toEqual([bits, 0, 0, 0]);
    }
  });

  it('is odd and monotone', () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(float, float, (x, y) => {
        expect(round(-x)).toBe(-round(x));
        if (x <= y) expect(round(x)).toBeLessThanOrEqual(round(y));
      }),
    );
  });

  it('overflows to infinity from half a step beyond the largest number', () => {
    const largest = number(infinity - 1);
    const step = largest - number(infinity - 2);
    expect(round(largest + 0.49 * step)).toBe(largest);
    expect(round(largest + 0.5 * step)).toBe(Infinity);
    expect(round(-largest - step)).toBe(-Infinity);
  });
});
