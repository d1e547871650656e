import {
  completeSettings,
  type Generated,
  type GenerationSettings,
  generate,
  type ImagePatches,
  type ImageTokens,
  type Session,
} from '@casement/session';
import type { RenderOptions, WindowTurn } from '@casement/session/text';
import { type ChatPrompt, chatPrompt, type Message, type Past } from './chatPrompt.ts';
import { checkRoom, type PromptTokens, promptTokens } from './checkRoom.ts';
import type { ImageReader } from './imageReader.ts';
import type { TextProcessor } from './readProcessor.ts';

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

  /** Reads the turns that the caches do not hold. Gives all images as the decoder takes them. */
  const read = async ({ turns, images, read: held }: ChatPrompt, signal: AbortSignal | undefined) => {
    const options = signal ? { signal } : {};
    const shown = past && held > 0 ? [...past.images] : [];
    for (const { image, ids } of turns.slice(held)) {
      const picture = image === undefined ? undefined : images[image];
      if (picture) {
        const tokens = 'embeds' in picture ? picture : await session.encodeImage(picture, options);
        await session.showImage(tokens, options);
        shown.push(tokens);
      }
      await session.read(ids, signal);
    }
    return shown;
  };

  return {
    async *ask(next, { settings: wanted, signal, onPrompt, ...options } = {}) {
      const settings = completeSettings({ ...defaults, ...wanted });
      const prompt = await chatPrompt({ text, readImage, inserts }, past, next, options);
      const { messages, turns, images } = prompt;
      const stretches = turns.map(({ image, ids }) => {
        return { image: tokensOf(session, images[image ?? -1]), text: ids.length };
      });
      const room = checkRoom(session.executor, stretches.slice(prompt.read), prompt.read > 0);
      onPrompt?.(promptTokens(stretches));
      if (past) past.inCaches = false;
      if (prompt.read === 0) await session.reset();
      const now: Past = { messages, turns, images: await read(prompt, signal), answer: [], inCaches: true };
      const bounded = { ...settings, maxTokens: Math.min(settings.maxTokens, room) };
      const history = turns.flatMap((turn) => readBy(turn, inserts ? text : undefined));
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
function readBy({ image, ids }: WindowTurn, inserted: TextProcessor | undefined): readonly number[] {
  const placeholder = inserted?.tokenizer.idOf(inserted.imageToken);
  return image === undefined || placeholder === undefined ? ids : [placeholder, ...ids];
}

function tokensOf({ executor }: Session, image: ImagePatches | ImageTokens | undefined): number | undefined {
  if (image === undefined) return undefined;
  if ('embeds' in image) return image.embeds.shape[0];
  return (image.grid.rows * image.grid.columns) / (executor.signature.dims.patches?.multipleOf ?? 1);
}
