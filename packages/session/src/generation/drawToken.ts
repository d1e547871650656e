/**
 * Draws a token with the probabilities softmax(logits), by one number in [0, 1): the first token at which the sum of the
 * probabilities, in the order of the vocabulary, is above it. Throws RangeError if no logit is a number above −∞.
 */
export function drawToken(logits: Float32Array, random: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token++) largest = Math.max(largest, logits[token] ?? 0);
  if (!Number.isFinite(largest)) {
    throw new RangeError(
      `cannot draw from ${logits.length} logits whose largest is ${largest}: the model gave no numbers`,
    );
  }
  const weight = (token: number): number => {
    const logit = logits[token] ?? 0;
    return logit === Number.NEGATIVE_INFINITY ? 0 : Math.exp(logit - largest);
  };
  let total = 0;
  for (let token = 0; token < logits.length; token++) total += weight(token);
  let sum = 0;
  let last = 0;
  for (let token = 0; token < logits.length && sum <= random * total; token++) {
    const share = weight(token);
    if (share > 0) last = token;
    sum += share;
  }
  return last;
}
