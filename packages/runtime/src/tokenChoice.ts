import { RuntimeError } from './error.ts';
import { LOOP_SETTINGS, type LoopSetting, TOKEN_FACTS, type TokenFact } from './format/loop.ts';

/** How tokens are chosen on the device. Numbers that are absent change nothing. */
export interface TokenChoice {
  /** 0 (default): the likeliest token; else tokens are drawn with the probabilities softmax(logits / temperature). */
  readonly temperature?: number;
  /** Draws from the k likeliest only, and from those equal to the last of them; 0 (default): from all. */
  readonly topK?: number;
  /** Draws from the likeliest that have this much probability together, and from those equal to the last of them. */
  readonly topP?: number;
  /** The same seed gives the same tokens for the same logits; its lower 32 bits count. Default 0. */
  readonly seed?: number;
  /** Where in the numbers of a seed to go on, so that several starts with one seed draw differently. Default 0. */
  readonly drawn?: number;
  /** Above 1 makes tokens less likely that were read or written. Default 1. */
  readonly repetitionPenalty?: number;
  /** Tokens that were read or written before, for that penalty. */
  readonly history?: Iterable<number>;
  /** Taken off the logit of every token that was generated. */
  readonly presencePenalty?: number;
  /** Taken off the logit of every token for each time that it was generated. */
  readonly frequencyPenalty?: number;
  /** How often tokens were generated before, for these two. */
  readonly generated?: ReadonlyMap<number, number>;
  /** Added to the logits of some tokens. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** Exempt from `emaPenalty` and `noRepeat`. Those that the vocabulary does not have are of no account. */
  readonly stopTokens?: readonly number[];
  /** Factor on the logits of stop tokens. Default 1. */
  readonly stopBias?: number;
  readonly emaPenalty?: RecentPenalty;
  readonly noRepeat?: NoRuns;
}

/** Makes tokens less likely that came up lately: their logits are scaled by `penalty` to the power of their count. */
export interface RecentPenalty {
  readonly penalty: number;
  /** What is left of every count after a token. */
  readonly decay: number;
  /** Counts above this are cut to it. */
  readonly maxCount: number;
  /** So far, the newest token included. */
  readonly counts: ReadonlyMap<number, number>;
}

/** Forbids runs of `size` tokens to come again, as far as they are among the newest `window`. */
export interface NoRuns {
  readonly size: number;
  readonly window: number;
  /** The newest tokens, at most `window`. */
  readonly newest: readonly number[];
  /** What would complete a run after them. */
  readonly banned: readonly number[];
}

/** Whether penalties or biases come between the logits and the choice. */
export function isScored(choice: TokenChoice): boolean {
  const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0, stopBias = 1, logitBias } = choice;
  const isPenalized = repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
  const isBiased = stopBias !== 1 || (logitBias?.size ?? 0) > 0;
  return isPenalized || isBiased || choice.emaPenalty !== undefined || choice.noRepeat !== undefined;
}

/** Whether tokens are drawn from the likeliest only. */
export function isCut({ temperature = 0, topK = 0, topP = 1 }: TokenChoice): boolean {
  return temperature > 0 && (topK > 0 || topP < 1);
}

/** Settings as the device reads them. */
export function settingWords(choice: TokenChoice): Uint32Array<ArrayBuffer> {
  const { emaPenalty, noRepeat, drawn = 0 } = choice;
  const values: Record<LoopSetting, number> = {
    temperature: wordOf(choice.temperature ?? 0),
    seed: choice.seed ?? 0,
    drawn,
    drawnBefore: drawn,
    topK: choice.topK ?? 0,
    topP: wordOf(choice.topP ?? 1),
    threshold: wordOf(Number.NEGATIVE_INFINITY),
    repetitionPenalty: wordOf(choice.repetitionPenalty ?? 1),
    presencePenalty: wordOf(choice.presencePenalty ?? 0),
    frequencyPenalty: wordOf(choice.frequencyPenalty ?? 0),
    stopBias: wordOf(choice.stopBias ?? 1),
    emaPenalty: wordOf(emaPenalty?.penalty ?? 1),
    emaDecay: wordOf(emaPenalty?.decay ?? 0),
    emaMost: wordOf(emaPenalty?.maxCount ?? 0),
    repeatSize: noRepeat?.size ?? 0,
    repeatWindow: noRepeat?.window ?? 0,
    written: noRepeat?.newest.length ?? 0,
  };
  return Uint32Array.from(LOOP_SETTINGS, (setting) => values[setting] >>> 0);
}

/** What is known about each token of a vocabulary. Throws RuntimeError naming a token that is not in it. */
export function factWords(choice: TokenChoice, vocab: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(TOKEN_FACTS.length * vocab);
  const change = (fact: TokenFact, token: number, where: string, how: (word: number) => number) => {
    if (!Number.isInteger(token) || token < 0 || token >= vocab) {
      throw new RuntimeError(
        'call',
        `token ${token} of ${where} is not in the model's vocabulary of ${vocab} tokens: it is another model's, or ` +
          'stands for an image; leave it out',
      );
    }
    const at = TOKEN_FACTS.indexOf(fact) * vocab + token;
    words[at] = how(words[at] ?? 0);
  };
  const { emaPenalty, noRepeat, drawn = 0 } = choice;
  for (const token of choice.history ?? []) change('tally', token, 'the history', (word) => word | 1);
  for (const token of choice.stopTokens ?? [])
    if (token < vocab) change('tally', token, 'stopTokens', (word) => word | 2);
  for (const [token, count] of choice.generated ?? [])
    change('tally', token, 'the history', (word) => word + 4 * count);
  for (const [token, bias] of choice.logitBias ?? []) change('bias', token, 'logitBias', () => wordOf(bias));
  for (const [token, count] of emaPenalty?.counts ?? []) change('recent', token, 'the history', () => wordOf(count));
  for (const token of noRepeat?.banned ?? []) change('banned', token, 'the history', () => drawn + 1);
  return words;
}

/** The bits of a number as f32. */
function wordOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}
