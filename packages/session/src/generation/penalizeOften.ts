import { scaleLogit } from './penalizeSeen.ts';

/** The captioner's repetition penalty: an exponential moving average instead of "seen at all". */
export interface EmaPenalty {
  /** A token's logit is scaled by this to the power of its count; 1.15 in the CASA authors' scripts. */
  readonly penalty: number;
  /** What is left of every count after a token, in (0, 1); 0.99. */
  readonly decay: number;
  /** Counts above this are cut to it; 5. */
  readonly maxCount: number;
}

/** How often tokens came up lately. */
export interface RecentCounts {
  /** By token. */
  readonly counts: ReadonlyMap<number, number>;
  /** Lets all counts decay, then counts a token. */
  count(token: number): void;
  /** Makes the counted tokens less likely, those in `exempt` not. */
  penalize(logits: Float32Array, exempt: readonly number[]): void;
}

/** Counts and penalty as in `EMARepetitionPenalty` of the CASA authors' captioner, in float32. */
export function recentCounts({ penalty, decay, maxCount }: EmaPenalty): RecentCounts {
  const f32 = Math.fround;
  const counts = new Map<number, number>();
  return {
    counts,
    count(token) {
      for (const [other, count] of counts) counts.set(other, f32(count * f32(decay)));
      counts.set(token, f32((counts.get(token) ?? 0) + 1));
    },
    penalize(logits, exempt) {
      for (const [token, count] of counts) {
        if (exempt.includes(token)) continue;
        scaleLogit(logits, token, f32(f32(penalty) ** Math.min(count, f32(maxCount))));
      }
    },
  };
}
