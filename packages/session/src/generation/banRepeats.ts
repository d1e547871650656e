/** Which runs of tokens must not come again. */
export interface NoRepeat {
  /** Length of the runs in tokens. */
  readonly size: number;
  /** Only this many of the newest tokens are looked at. */
  readonly window: number;
}

/** The tokens that would complete a run of `size` tokens that is in `history` already; not those in `exempt`. */
export function repeatsAfter(
  history: readonly number[],
  { size, window }: NoRepeat,
  exempt: readonly number[],
): number[] {
  const recent = history.slice(-window);
  const started = recent.slice(recent.length - (size - 1));
  const found: number[] = [];
  for (let at = 0; at + size <= recent.length; at++) {
    const token = recent[at + size - 1] ?? 0;
    const completes = started.every((id, i) => id === recent[at + i]);
    if (completes && !exempt.includes(token)) found.push(token);
  }
  return found;
}

/** Sets the logits of these tokens to −∞. */
export function banTokens(logits: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) logits[token] = Number.NEGATIVE_INFINITY;
}
