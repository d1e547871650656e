/**
 * A random number for each of three numbers, the same on every executor: PCG3D of Jarzynski & Olano, "Hash functions for
 * GPU rendering" (2020), its first word. Numbers are taken modulo 2³², and so is the result.
 */
export function hash(x: number, y: number, z: number): number {
  const spread = (value: number) => (Math.imul(value, 1664525) + 1013904223) | 0;
  let a = spread(x);
  let b = spread(y);
  let c = spread(z);
  const mix = () => {
    a = (a + Math.imul(b, c)) | 0;
    b = (b + Math.imul(c, a)) | 0;
    c = (c + Math.imul(a, b)) | 0;
  };
  mix();
  a ^= a >>> 16;
  b ^= b >>> 16;
  c ^= c >>> 16;
  mix();
  return a >>> 0;
}

/** Above every number of `gumbel`. */
export const LARGEST_GUMBEL = 23;

/**
 * A random number with the Gumbel distribution, from 32 random bits. What is drawn with it on the device
 * (`@casement/webgpu`, chooseToken.ts) is the same to the precision of its logarithm.
 */
export function gumbel(bits: number): number {
  // Small numbers keep all their digits, so that large results, which decide, do, too.
  const uniform = Math.min((bits + 0.5) / 2 ** 32, 1 - 2 ** -24);
  return -Math.log(-Math.log1p(-uniform));
}
