/** Adds to the logits of some tokens, as OpenAI's `logit_bias`. */
export function biasTokens(logits: Float32Array, biases: ReadonlyMap<number, number>): void {
  for (const [token, bias] of biases) {
    const logit = logits[token];
    if (logit !== undefined) logits[token] = logit + Math.fround(bias);
  }
}

/**
 * Makes stop tokens likelier (`bias` above 1) or less likely (below 1), by a factor on the logit: the `eos_bias` of the
 * CASA authors' captioner.
 */
export function biasStopTokens(logits: Float32Array, stopTokens: readonly number[], bias: number): void {
  const factor = Math.fround(bias);
  for (const token of stopTokens) {
    const logit = logits[token];
    if (logit !== undefined) logits[token] = logit < 0 ? logit / factor : logit * factor;
  }
}
