import { InputError } from '../check.ts';
import type { Session } from '../session.ts';
import { createSampler, type Sampler } from './sampler.ts';
import { completeSettings, type GenerationSettings } from './settings.ts';
import { createStopFilter } from './stopFilter.ts';

/** Why an answer ended: a stop token, a stop string, or maxTokens. */
export type Finish = 'stopToken' | 'stopString' | 'length';

export interface Generated {
  readonly token: number;
  /** The text that became certain with this token: none yet within a character, none for stop tokens. */
  readonly text: string;
  /** Set on the last one. */
  readonly finish?: Finish;
}

/** Decodes tokens as they come; a Tokenizer of `@casement/session/text` is one. */
export interface TokenDecoder {
  stream(options: { readonly skipSpecialTokens: boolean }): { push(token: number): string; end(): string };
}

export interface GenerateInputs {
  /** Without it every text is empty, and stop strings are an error. */
  readonly tokenizer?: TokenDecoder;
  /** The tokens read so far, for penalties on repetition; those on presence and frequency count this answer's alone. */
  readonly history?: readonly number[];
  readonly signal?: AbortSignal;
}

/**
 * Continues the text that a session has read. Every token, the last and a stop token too, is forwarded before it is
 * yielded, so a consumer that stops early leaves a session whose text is exactly what was yielded, and the conversation
 * goes on with `session.read` and `session.showImage`. Throws SettingsError at once, and the signal's reason when it
 * aborts.
 */
export function generate(
  session: Session,
  settings: Partial<GenerationSettings>,
  { tokenizer, history = [], signal }: GenerateInputs = {},
): AsyncGenerator<Generated> {
  const complete = completeSettings(settings);
  const text = openText(complete, tokenizer);
  const sampler = createSampler(complete);
  sampler.read(history);
  return continueText(session, complete, sampler, text, signal);
}

type Text = ReturnType<TokenDecoder['stream']>;

/** The text of generated tokens. Throws InputError if there are stop strings to look for and no tokenizer. */
export function openText({ stopStrings }: GenerationSettings, tokenizer: TokenDecoder | undefined): Text {
  if (tokenizer) return tokenizer.stream({ skipSpecialTokens: true });
  if (stopStrings.length > 0) throw new InputError('stop strings need a tokenizer to be found in the text');
  return { push: () => '', end: () => '' };
}

/** One answer, with a sampler and a text that may have seen others before. */
export async function* continueText(
  session: Session,
  settings: GenerationSettings,
  sampler: Sampler,
  decoder: Text,
  signal: AbortSignal | undefined,
): AsyncGenerator<Generated> {
  const filter = createStopFilter(settings.stopStrings);
  const choose = chooser(session, sampler, signal);
  const flush = () => filter.push(decoder.end()).text + filter.end();
  for (let count = 1; ; count++) {
    signal?.throwIfAborted();
    const token = await choose();
    sampler.wrote(token);
    if (settings.stopTokens.includes(token)) {
      yield { token, text: flush(), finish: 'stopToken' };
      return;
    }
    const { text, stopped } = filter.push(decoder.push(token));
    if (stopped || count === settings.maxTokens) {
      yield { token, text: stopped ? text : text + flush(), finish: stopped ? 'stopString' : 'length' };
      return;
    }
    yield { token, text };
  }
}

/**
 * Why tokens with these settings are chosen on the host, which the logits are brought to, in words; undefined where the
 * executor chooses them. It does wherever it can run the model's loop and looks back far enough for `noRepeat`; the tokens
 * are the same. Throws SettingsError.
 */
export function whyOnHost(session: Session, settings: Partial<GenerationSettings>): string | undefined {
  return session.whyNotDecode(createSampler(settings).choice);
}

/** Gives the next token, which the model has then read: chosen where the model runs if the executor can, else on the host. */
function chooser(session: Session, sampler: Sampler, signal: AbortSignal | undefined): () => Promise<number> {
  let decoding: Awaited<ReturnType<Session['decode']>>;
  return async () => {
    const next = await decoding?.next();
    if (next !== undefined) return next;
    // At first, or when the session was used in between.
    decoding = await session.decode(sampler.choice);
    const first = await decoding?.next();
    if (first !== undefined) return first;
    await session.fetchLogits();
    const token = sampler.choose(session.nextLogits());
    await session.read([token], signal);
    return token;
  };
}
