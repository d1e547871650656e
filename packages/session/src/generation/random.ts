/**
 * A source of numbers in [0, 1), the same for the same seed in every browser and in Node: xoshiro128** 1.1 (Blackman and
 * Vigna), its state the first four outputs of splitmix32 (multipliers 0x21f0aaad, 0x735a2d97) from the seed's lower 32
 * bits. A number takes two outputs: 27 bits of the first, then 26 of the second.
 */
export function createRandom(seed: number): () => number {
  const next = xoshiro128(splitmix32(seed));
  return () => {
    const high = next() >>> 5;
    return (high * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
  };
}

type State = readonly [number, number, number, number];

/** Unsigned 32-bit numbers from a state that is not all zero. Exported for its published test vector. */
export function xoshiro128(state: State): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function splitmix32(seed: number): State {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return x ^ (x >>> 15);
  };
  return [next(), next(), next(), next()];
}
