import { completeSettings, type Generated, type GenerationSettings, generate, type Session } from '@casement/session';
import type { RenderOptions, WindowTurn } from '@casement/session/text';
import { chatPrompt, type Message, type Past } from './chatPrompt.ts';
import type { PromptTokens } from './checkRoom.ts';
import type { ImageReader } from './imageReader.ts';
import type { TextProcessor } from './readProcessor.ts';
import { type Held, measurePrompt, readPrompt } from './readPrompt.ts';

export interface AskOptions extends RenderOptions {
  /** Over those of the model's `generation_config.json`. */
  readonly settings?: Partial<GenerationSettings>;
  readonly signal?: AbortSignal;
  /** Is told how long the prompt is, before it is fed. */
  readonly onPrompt?: (tokens: PromptTokens) => void;
}

/** A conversation, message by message. */
export interface Chat {
  /** Answers messages that go on with the conversation so far. */
  ask(messages: readonly Message[], options?: AskOptions): AsyncGenerator<Generated>;
  /** Forgets everything said. */
  reset(): Promise<void>;
}

export interface ChatParts {
  readonly session: Session;
  readonly text: TextProcessor;
  readonly readImage: ImageReader;
  readonly settings: Partial<GenerationSettings>;
}

/**
 * Opens a conversation on a session. What was read stays in the caches from answer to answer; when that cannot be, all
 * is read anew, without encoding images a second time. After an abort or an error the conversation stands where it stood
 * before the question or, within an answer, where it was shown to.
 */
export function openChat({ session, text, readImage, settings: defaults }: ChatParts): Chat {
  const inserts = session.executor.signature.entries.insertImage !== undefined;
  let past: Past | undefined;

  return {
    async *ask(next, { settings: wanted, signal, onPrompt, ...options } = {}) {
      const settings = completeSettings({ ...defaults, ...wanted });
      const prompt = await chatPrompt({ text, readImage, inserts }, past, next, options);
      const { messages, turns } = prompt;
      const held: Held = { turns: prompt.read, ids: 0 };
      const { tokens, room } = measurePrompt(session, prompt, held);
      onPrompt?.(tokens);
      const shown = past && prompt.read > 0 ? past.images : [];
      if (past) past.inCaches = false;
      if (prompt.read === 0) await session.reset();
      const now: Past = {
        messages,
        turns,
        images: [...shown, ...(await readPrompt(session, prompt, held, signal))],
        answer: [],
        inCaches: true,
      };
      const bounded = { ...settings, maxTokens: Math.min(settings.maxTokens, room) };
      const history = historyOf(turns, text, inserts);
      const inputs = { tokenizer: text.tokenizer, history, ...(signal ? { signal } : {}) };
      for await (const generated of generate(session, bounded, inputs)) {
        past = now;
        now.answer.push(generated.token);
        now.inCaches = true; // a consumer may stop here
        yield generated;
        now.inCaches = false; // an abort may leave a token that was read and not shown
      }
      now.inCaches = true;
    },
    async reset() {
      past = undefined;
      await session.reset();
    },
  };
}

/** What penalties on repetition count as read: transformers has the placeholders of inserted images among the text. */
export function historyOf(
  turns: readonly WindowTurn[],
  { tokenizer, imageToken }: Pick<TextProcessor, 'tokenizer' | 'imageToken'>,
  inserts: boolean,
): number[] {
  const placeholder = inserts ? tokenizer.idOf(imageToken) : undefined;
  return turns.flatMap(({ image, ids }) =>
    image === undefined || placeholder === undefined ? ids : [placeholder, ...ids],
  );
}
