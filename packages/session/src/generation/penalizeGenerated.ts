/** OpenAI's penalties on what was generated so far; negative ones make it likelier. */
export interface GeneratedPenalty {
  /** Taken off the logit of every token that was generated. */
  readonly presence: number;
  /** Taken off it for each time. */
  readonly frequency: number;
}

/**
 * Lowers the logits of generated tokens, in float32: logit − count · frequency − presence (OpenAI's API reference,
 * `frequency_penalty`; in this order in vLLM).
 */
export function penalizeGenerated(
  logits: Float32Array,
  counts: ReadonlyMap<number, number>,
  { presence, frequency }: GeneratedPenalty,
): void {
  for (const [token, count] of counts) {
    const logit = logits[token] ?? 0;
    const rarer = Math.fround(logit - Math.fround(count * Math.fround(frequency)));
    logits[token] = rarer - Math.fround(presence);
  }
}
