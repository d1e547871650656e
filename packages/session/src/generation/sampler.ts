import { argmax } from '../argmax.ts';
import { InputError } from '../check.ts';
import type { TokenChoice } from '../executor.ts';
import { banTokens, repeatsAfter } from './banRepeats.ts';
import { biasStopTokens, biasTokens } from './biasTokens.ts';
import { drawToken } from './drawToken.ts';
import { keepTopK } from './keepTopK.ts';
import { keepTopP } from './keepTopP.ts';
import { penalizeGenerated } from './penalizeGenerated.ts';
import { recentCounts } from './penalizeOften.ts';
import { penalizeSeen } from './penalizeSeen.ts';
import { scaleByTemperature } from './scaleByTemperature.ts';
import { completeSettings, type GenerationSettings } from './settings.ts';

/** Chooses tokens, one after another; remembers what penalties need to know. */
export interface Sampler {
  /** Tells it what the model has read and somebody else has written: a prompt, the delimiters of an image. */
  read(tokens: readonly number[]): void;
  /** Tells it that the model has read a token that was chosen, by this sampler or in its stead. */
  wrote(token: number): void;
  /** How an executor may choose the next tokens in its stead. */
  readonly choice: TokenChoice;
  /** The next token, from the logits of the vocabulary, which stay as they are. Throws InputError for unknown tokens. */
  choose(logits: Float32Array): number;
}

/**
 * The settings as one function of a logits row, in the order in which transformers' `generate` applies them, with
 * OpenAI's penalties and the CASA captioner's processors between penalty and temperature. Throws SettingsError.
 */
export function createSampler(partial: Partial<GenerationSettings>): Sampler {
  const settings = completeSettings(partial);
  const { stopTokens, temperature, topK, topP, noRepeat } = settings;
  const { seed, repetitionPenalty, presencePenalty, frequencyPenalty, logitBias, stopBias } = settings;
  const drawing = { temperature, topK, topP, seed, stopTokens, stopBias, logitBias };
  const penalties = { repetitionPenalty, presencePenalty, frequencyPenalty };
  const penalty = { presence: presencePenalty, frequency: frequencyPenalty };
  const countsGenerated = penalty.presence !== 0 || penalty.frequency !== 0;
  const recent = settings.emaPenalty && recentCounts(settings.emaPenalty);
  const seen = new Set<number>();
  const generated = new Map<number, number>();
  let history: number[] = [];
  /** How many tokens were read: every one of them is followed by another draw. */
  let read = 0;
  /** Whether the newest token was counted: the authors count it at every choice, so not all of a prompt. */
  let isCounted = false;
  const countNewest = () => {
    const newest = history.at(-1);
    if (!isCounted && newest !== undefined) recent?.count(newest);
    isCounted = true;
  };
  const note = (tokens: readonly number[]) => {
    if (tokens.length === 0) return;
    read += tokens.length;
    if (repetitionPenalty !== 1) for (const token of tokens) seen.add(token);
    history = [...history, ...tokens].slice(-(noRepeat?.window ?? 1));
    isCounted = false;
  };
  return {
    get choice() {
      countNewest();
      const banned = noRepeat ? repeatsAfter(history, noRepeat, stopTokens) : [];
      return {
        ...drawing,
        ...penalties,
        drawn: read,
        history: seen,
        generated,
        ...(settings.emaPenalty && recent ? { emaPenalty: { ...settings.emaPenalty, counts: recent.counts } } : {}),
        ...(noRepeat ? { noRepeat: { ...noRepeat, newest: history, banned } } : {}),
      };
    },
    read: note,
    wrote(token) {
      countNewest();
      note([token]);
      if (countsGenerated) generated.set(token, (generated.get(token) ?? 0) + 1);
    },
    choose(logits) {
      const row = logits.slice();
      requireKnown(row.length, logitBias.keys(), 'logitBias');
      requireKnown(row.length, seen, 'the history');
      requireKnown(row.length, generated.keys(), 'the history');
      if (recent || noRepeat) requireKnown(row.length, history, 'the history');
      biasTokens(row, logitBias);
      penalizeSeen(row, seen, repetitionPenalty);
      penalizeGenerated(row, generated, penalty);
      if (recent) {
        countNewest();
        recent.penalize(row, stopTokens);
      }
      if (stopBias !== 1) biasStopTokens(row, stopTokens, stopBias);
      if (noRepeat) banTokens(row, repeatsAfter(history, noRepeat, stopTokens));
      if (temperature === 0) return argmax(row, 0, row.length);
      scaleByTemperature(row, temperature);
      if (topK > 0) keepTopK(row, topK);
      if (topP < 1) keepTopP(row, topP);
      return drawToken(row, { seed, drawn: read });
    },
  };
}

/** Throws InputError naming the first token that the model has no logit for. */
function requireKnown(vocab: number, tokens: Iterable<number>, where: string): void {
  for (const token of tokens) {
    if (token < vocab) continue;
    throw new InputError(
      `token ${token} of ${where} is not in the model's vocabulary of ${vocab} tokens: it is another model's, or ` +
        'stands for an image; leave it out',
    );
  }
}
