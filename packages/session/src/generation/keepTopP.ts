/**
 * Sets the unlikeliest logits to −∞ as long as they have at most 1 − `p` of the probability together (nucleus sampling,
 * Holtzman et al. 2020). At least one stays, and so do all that equal the last one to stay; which of those transformers
 * keeps depends on PyTorch's sort.
 */
export function keepTopP(logits: Float32Array, p: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i] ?? 0);
  const bound = boundOf(logits, p, largest);
  for (let i = 0; i < logits.length; i++) if ((logits[i] ?? 0) < bound) logits[i] = Number.NEGATIVE_INFINITY;
}

/** Sorting a large vocabulary takes longest, so what is very unlikely is summed up unsorted, if all of it can go. */
const VERY_UNLIKELY = -12;

/** The smallest logit that stays. */
function boundOf(logits: Float32Array, p: number, largest: number): number {
  let total = 0;
  let unlikely = 0;
  for (let i = 0; i < logits.length; i++) {
    const distance = (logits[i] ?? 0) - largest;
    const weight = Math.exp(distance);
    total += weight;
    if (distance < VERY_UNLIKELY) unlikely += weight;
  }
  const allowance = (1 - p) * total;
  const sumUp = unlikely <= allowance;
  const lowest = sumUp ? largest + VERY_UNLIKELY : Number.NEGATIVE_INFINITY;
  const rising = logits.filter((logit) => logit >= lowest).sort();
  let sum = sumUp ? unlikely : 0;
  for (let i = 0; i < rising.length - 1; i++) {
    const logit = rising[i] ?? 0;
    sum += Math.exp(logit - largest);
    if (sum > allowance) return logit;
  }
  return largest;
}
