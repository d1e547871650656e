import { argmax } from '../argmax.ts';
import type { TokenChoice } from '../executor.ts';
import { banRepeats } from './banRepeats.ts';
import { biasStopTokens, biasTokens } from './biasTokens.ts';
import { drawToken } from './drawToken.ts';
import { keepTopK } from './keepTopK.ts';
import { keepTopP } from './keepTopP.ts';
import { recentCounts } from './penalizeOften.ts';
import { penalizeSeen } from './penalizeSeen.ts';
import { createRandom } from './random.ts';
import { scaleByTemperature } from './scaleByTemperature.ts';
import { completeSettings, type GenerationSettings } from './settings.ts';

/** Chooses tokens, one after another; remembers what penalties need to know. */
export interface Sampler {
  /** Tells it which tokens the model has read: a prompt, and every token that was chosen. */
  read(tokens: readonly number[]): void;
  /** How an executor may choose the next tokens in its stead; undefined where it does not know all of the settings. */
  readonly choice: TokenChoice | undefined;
  /** The next token, from the logits of the vocabulary, which stay as they are. */
  choose(logits: Float32Array): number;
}

/**
 * The settings as one function of a logits row, in the order in which transformers' `generate` applies them, with the
 * CASA captioner's processors between penalty and temperature. Throws SettingsError.
 */
export function createSampler(partial: Partial<GenerationSettings>): Sampler {
  const settings = completeSettings(partial);
  const { stopTokens, temperature, topK, topP, noRepeat } = settings;
  const random = createRandom(settings.seed);
  const recent = settings.emaPenalty && recentCounts(settings.emaPenalty);
  const seen = new Set<number>();
  let history: number[] = [];
  let read = 0;
  return {
    get choice() {
      const known = settings.logitBias.size === 0 && settings.stopBias === 1 && topP === 1 && !recent && !noRepeat;
      const { seed, repetitionPenalty } = settings;
      // Another start draws other numbers: as many tokens were read before as only there.
      return known ? { temperature, topK, seed, repetitionPenalty, history: seen, drawn: read } : undefined;
    },
    read(tokens) {
      read += tokens.length;
      if (settings.repetitionPenalty !== 1) for (const token of tokens) seen.add(token);
      history = [...history, ...tokens].slice(-(noRepeat?.window ?? 1));
    },
    choose(logits) {
      const row = logits.slice();
      const newest = history.at(-1);
      biasTokens(row, settings.logitBias);
      penalizeSeen(row, seen, settings.repetitionPenalty);
      if (recent) {
        // The authors count the newest token at every choice, so only chosen tokens and the last of a prompt count.
        if (newest !== undefined) recent.count(newest);
        recent.penalize(row, stopTokens);
      }
      if (settings.stopBias !== 1) biasStopTokens(row, stopTokens, settings.stopBias);
      if (noRepeat) banRepeats(row, history, noRepeat, stopTokens);
      if (temperature === 0) return argmax(row, 0, row.length);
      scaleByTemperature(row, temperature);
      if (topK > 0) keepTopK(row, topK);
      if (topP < 1) keepTopP(row, topP);
      return drawToken(row, random());
    },
  };
}
