import { gumbel, hash, LARGEST_GUMBEL } from './random.ts';

/** Where in the random numbers of a seed a draw stands. */
export interface Chance {
  /** Its lower 32 bits count. */
  readonly seed: number;
  /** Draws before this one. */
  readonly drawn: number;
}

/**
 * Draws a token with the probabilities softmax(logits): the largest logit, each disturbed by a number of its own from the
 * Gumbel distribution (Gumbel 1954), wins. That needs no sum over the vocabulary, so that devices can draw the same.
 * Throws RangeError if no logit is a number above −∞.
 */
export function drawToken(logits: Float32Array, { seed, drawn }: Chance): number {
  let [best, winner] = [Number.NEGATIVE_INFINITY, -1];
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] ?? Number.NaN;
    // Most tokens are so unlikely that no luck helps them.
    if (!(logit + LARGEST_GUMBEL > best)) continue;
    const value = Math.fround(logit + gumbel(hash(token, drawn, seed)));
    if (value > best) [best, winner] = [value, token];
  }
  if (winner < 0) throw new RangeError(`cannot draw from ${logits.length} logits: the model gave no numbers`);
  return winner;
}
