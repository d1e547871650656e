/**
 * Draws a token with the probabilities softmax(logits), by one number in [0, 1): the first token at which the sum of the
 * probabilities, in the order of the vocabulary, is above it. Throws RangeError if no logit is a number above −∞.
 */
export function drawToken(logits: Float32Array, random: number): number {
  const largest = logits.reduce((max, logit) => Math.max(max, logit), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(largest)) {
    throw new RangeError(
      `cannot draw from ${logits.length} logits whose largest is ${largest}: the model gave no numbers`,
    );
  }
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const wanted = random * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  let last = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] ?? 0;
    if (weight === 0) continue;
    sum += weight;
    last = token;
    if (sum > wanted) return token;
  }
  return last;
}
