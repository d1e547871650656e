/**
 * Sets the unlikeliest logits to −∞ as long as they have at most 1 − `p` of the probability together (nucleus sampling,
 * Holtzman et al. 2020). At least one stays, and so do all that equal the last one to stay; which of those transformers
 * keeps depends on PyTorch's sort.
 */
export function keepTopP(logits: Float32Array, p: number): void {
  const rising = logits.filter((logit) => logit > Number.NEGATIVE_INFINITY).sort();
  const largest = rising.at(-1) ?? 0;
  const weights = Float64Array.from(rising, (logit) => Math.exp(logit - largest));
  const allowance = (1 - p) * weights.reduce((sum, weight) => sum + weight, 0);
  let dropped = 0;
  for (let sum = weights[0] ?? 0; sum <= allowance && dropped < rising.length - 1; sum += weights[dropped] ?? 0) {
    dropped++;
  }
  const bound = rising[dropped] ?? Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if ((logits[i] ?? 0) < bound) logits[i] = Number.NEGATIVE_INFINITY;
}
