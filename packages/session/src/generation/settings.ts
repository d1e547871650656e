import type { NoRepeat } from './banRepeats.ts';
import type { EmaPenalty } from './penalizeOften.ts';

/** How tokens are chosen, and when to stop. Everything has a default. */
export interface GenerationSettings {
  /** At most so many tokens. Default: 512. */
  readonly maxTokens: number;
  /** Ids that end the answer. Default: none. */
  readonly stopTokens: readonly number[];
  /** Texts that end the answer, and are left out of it. They need a tokenizer. Default: none. */
  readonly stopStrings: readonly string[];
  /** Above 1 flattens the distribution, below 1 sharpens it; 0 takes the likeliest token. Default: 0. */
  readonly temperature: number;
  /** Draw from the k likeliest tokens only; 0 means all. Default: 0. */
  readonly topK: number;
  /** Draw from the likeliest tokens that have this much probability together; 1 means all. Default: 1. */
  readonly topP: number;
  /** Above 1 makes tokens less likely that were read or written before. Default: 1. */
  readonly repetitionPenalty: number;
  /** Taken off the logit of every token that was generated: OpenAI's `presence_penalty`. Default: 0. */
  readonly presencePenalty: number;
  /** Taken off the logit of every token for each time it was generated: OpenAI's `frequency_penalty`. Default: 0. */
  readonly frequencyPenalty: number;
  /** Makes tokens less likely that came up lately. Stop tokens are exempt. */
  readonly emaPenalty?: EmaPenalty;
  /** Forbids runs of tokens to come again. Stop tokens are exempt. */
  readonly noRepeat?: NoRepeat;
  /** Added to the logits of some tokens. Default: none. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** Factor on the logits of stop tokens: above 1 shortens answers, below 1 lengthens them. Default: 1. */
  readonly stopBias: number;
  /** The same seed gives the same tokens for the same logits. Default: 0. */
  readonly seed: number;
}

const DEFAULTS: GenerationSettings = {
  maxTokens: 512,
  stopTokens: [],
  stopStrings: [],
  temperature: 0,
  topK: 0,
  topP: 1,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: new Map(),
  stopBias: 1,
  seed: 0,
};

/** A setting with a value that makes no sense. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Fills in defaults. Throws SettingsError, naming the setting, its value and what it must be. */
export function completeSettings(partial: Partial<GenerationSettings>): GenerationSettings {
  const settings: GenerationSettings = { ...DEFAULTS, ...partial };
  const { emaPenalty, noRepeat } = settings;
  check('maxTokens', settings.maxTokens, isCount, 'a whole number above 0');
  for (const token of settings.stopTokens) check('stopTokens', token, isIndex, 'token ids');
  for (const text of settings.stopStrings) check('stopStrings', text, (s) => s !== '', 'texts that are not empty');
  check('temperature', settings.temperature, (t) => t >= 0 && t < Number.POSITIVE_INFINITY, '0 or more');
  check('topK', settings.topK, isIndex, 'a whole number, 0 or more');
  check('topP', settings.topP, (p) => p > 0 && p <= 1, 'above 0 and at most 1');
  check('repetitionPenalty', settings.repetitionPenalty, isPositive, 'above 0');
  check('presencePenalty', settings.presencePenalty, Number.isFinite, 'a number');
  check('frequencyPenalty', settings.frequencyPenalty, Number.isFinite, 'a number');
  if (emaPenalty) {
    check('emaPenalty.penalty', emaPenalty.penalty, isPositive, 'above 0');
    check('emaPenalty.decay', emaPenalty.decay, (decay) => decay > 0 && decay < 1, 'between 0 and 1');
    check('emaPenalty.maxCount', emaPenalty.maxCount, isPositive, 'above 0');
  }
  if (noRepeat) {
    check('noRepeat.size', noRepeat.size, (size) => isCount(size) && size > 1, 'a whole number above 1');
    check('noRepeat.window', noRepeat.window, isCount, 'a whole number above 0');
  }
  for (const [token, bias] of settings.logitBias) {
    check('logitBias', token, isIndex, 'token ids with a number each');
    check(`logitBias of token ${token}`, bias, (b) => !Number.isNaN(b), 'a number');
  }
  check('stopBias', settings.stopBias, isPositive, 'above 0');
  check('seed', settings.seed, Number.isSafeInteger, 'a whole number');
  return settings;
}

/**
 * What the CASA authors' live captioner uses (scripts/live_captioner.py, 2026), for one frame. The stop tokens are the
 * checkpoint's `eos_token_id`.
 */
export function captionSettings(stopTokens: readonly number[]): GenerationSettings {
  return completeSettings({
    stopTokens,
    maxTokens: 20,
    temperature: 0.4,
    topK: 256,
    emaPenalty: { penalty: 1.15, decay: 0.99, maxCount: 5 },
    noRepeat: { size: 4, window: 60 },
    stopBias: 0.95,
  });
}

function check<T extends number | string>(name: string, value: T, holds: (value: T) => boolean, wanted: string): void {
  if (!holds(value)) throw new SettingsError(`${name} must be ${wanted}, got ${JSON.stringify(value) ?? value}`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPositive(value: number): boolean {
  return value > 0 && value < Number.POSITIVE_INFINITY;
}
