import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lifetime, packArena } from './arena.ts';

const lifetime = fc
  .record({ bytes: fc.integer({ min: 1, max: 4000 }), from: fc.nat(20), length: fc.nat(6) })
  .map(({ bytes, from, length }): Lifetime => ({ bytes, from, to: from + length }));

function together(a: Lifetime, b: Lifetime): boolean {
  return a.from <= b.to && b.from <= a.to;
}

describe('packArena', () => {
  it('never lets two that are alive together overlap, or one cross a page', () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 40 }), fc.constantFrom(4096, 1 << 20), (lifetimes, page) => {
        const { offsets, bytes, lowerBound } = packArena(lifetimes, page);
        expect(bytes).toBeGreaterThanOrEqual(lowerBound);
        lifetimes.forEach((a, i) => {
          const start = offsets[i] ?? Number.NaN;
          expect(start % 256).toBe(0);
          expect(Math.floor(start / page)).toBe(Math.floor((start + a.bytes - 1) / page));
          expect(start + a.bytes).toBeLessThanOrEqual(bytes);
          lifetimes.slice(0, i).forEach((b, j) => {
            const other = offsets[j] ?? Number.NaN;
            const apart = start >= other + b.bytes || other >= start + a.bytes;
            expect(apart || !together(a, b)).toBe(true);
          });
        });
      }),
    );
  });

  it('reaches the bound for a chain, where each value dies when the next is made', () => {
    const chain = Array.from({ length: 9 }, (_, i) => ({ bytes: 1024, from: i, to: i + 1 }));
    expect(packArena(chain, 1 << 20)).toMatchObject({ bytes: 2048, lowerBound: 2048 });
  });

  it('tries several orders, since largest first is not always best', () => {
    const lifetimes = [
      { bytes: 512, from: 0, to: 1 },
      { bytes: 768, from: 1, to: 2 },
      { bytes: 512, from: 2, to: 3 },
      { bytes: 256, from: 0, to: 3 },
    ];
    expect(packArena(lifetimes, 1 << 20)).toMatchObject({ bytes: 1536, lowerBound: 1536 });
  });

  it('says when one is larger than a page', () => {
    expect(() => packArena([{ bytes: 5000, from: 0, to: 0 }], 4096)).toThrow('5120 bytes do not fit a page of 4096');
  });

  it('places nothing for nothing', () => {
    expect(packArena([], 4096)).toEqual({ offsets: [], bytes: 0, lowerBound: 0 });
  });
});
