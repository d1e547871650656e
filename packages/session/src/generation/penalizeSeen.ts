/** Makes tokens that were read or written before less likely (Keskar et al. 2019): negative logits × penalty, others ÷. */
export function penalizeSeen(logits: Float32Array, seen: Iterable<number>, penalty: number): void {
  for (const token of seen) scaleLogit(logits, token, Math.fround(penalty));
}

/** A factor above 1 makes a token less likely whatever the logit's sign. */
export function scaleLogit(logits: Float32Array, token: number, factor: number): void {
  const logit = logits[token];
  if (logit !== undefined) logits[token] = logit < 0 ? logit * factor : logit / factor;
}
