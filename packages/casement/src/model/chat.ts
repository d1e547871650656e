import {
  completeSettings,
  type Generated,
  type GenerationSettings,
  generate,
  type ImagePatches,
  type ImageTokens,
  type Session,
} from '@casement/session';
import { encodePrompt, type RenderOptions, type WindowTurn, windowPrompt } from '@casement/session/text';
import { type ChatPrompt, chatPrompt, type Message, type Past } from './chatPrompt.ts';
import { checkRoom } from './checkRoom.ts';
import type { ImageReader } from './imageReader.ts';
import type { TextProcessor } from './readProcessor.ts';

export interface AskOptions extends RenderOptions {
  /** Over those of the model's `generation_config.json`. */
  readonly settings?: Partial<GenerationSettings>;
  readonly signal?: AbortSignal;
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
 * before the question, or, within an answer, goes on after what was shown of it.
 */
export function openChat({ session, text, readImage, settings: defaults }: ChatParts): Chat {
  let past: Past | undefined;

  const feed = async ({ images }: ChatPrompt, turns: readonly WindowTurn[], signal: AbortSignal | undefined) => {
    const shown: ImageTokens[] = [];
    for (const { image, ids } of turns) {
      const picture = image === undefined ? undefined : images[image];
      if (picture) {
        const tokens = 'embeds' in picture ? picture : await session.encodeImage(picture, signal ? { signal } : {});
        await session.showImage(tokens, signal ? { signal } : {});
        shown.push(tokens);
      }
      if (ids.length > 0) await session.prefill(ids, signal);
    }
    return shown;
  };

  return {
    async *ask(next, { settings: wanted, signal, ...options } = {}) {
      const settings = completeSettings({ ...defaults, ...wanted });
      const prompt = await chatPrompt(text, readImage, past, next, options);
      const turns = turnsOf(prompt, text, session);
      if (!prompt.continued) {
        await session.reset();
        if (past) past.inCaches = false;
      }
      const room = checkRoom(
        session.executor,
        turns.map(({ image, ids }) => ({ image: tokensOf(session, prompt.images[image ?? -1]), text: ids.length })),
      );
      const before = prompt.continued ? past : undefined;
      if (past) past.inCaches = false;
      const shown = await feed(prompt, turns, signal);
      const now: Past = {
        messages: prompt.messages,
        images: [...(before?.images ?? []), ...shown],
        read: [...(before?.read ?? []), ...(before?.answer ?? []), ...readTokens(turns, text, session)],
        answer: [],
        inCaches: true,
      };
      past = now;
      const bounded = { ...settings, maxTokens: Math.min(settings.maxTokens, room) };
      const inputs = { tokenizer: text.tokenizer, history: now.read, ...(signal ? { signal } : {}) };
      for await (const generated of generate(session, bounded, inputs)) {
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

/** The prompt's tokens, cut where images stand. Images that enter the text stand where the template has them. */
function turnsOf(
  prompt: ChatPrompt,
  { tokenizer, imageToken, delimiters }: TextProcessor,
  session: Session,
): WindowTurn[] {
  const { text, images, continued } = prompt;
  const parts = encodePrompt(tokenizer, text, { imageToken, images: images.length, continued });
  const inserts = session.executor.signature.entries.insertImage !== undefined;
  return windowPrompt(parts, inserts ? { before: [], after: [] } : delimiters);
}

/** What penalties on repetition count as read: transformers has the placeholders of inserted images among the text. */
function readTokens(
  turns: readonly WindowTurn[],
  { tokenizer, imageToken }: TextProcessor,
  { executor }: Session,
): number[] {
  const placeholder = executor.signature.entries.insertImage && tokenizer.idOf(imageToken);
  return turns.flatMap(({ image, ids }) =>
    image === undefined || placeholder === undefined ? ids : [placeholder, ...ids],
  );
}

function tokensOf({ executor }: Session, image: ImagePatches | ImageTokens | undefined): number | undefined {
  if (image === undefined) return undefined;
  if ('embeds' in image) return image.embeds.shape[0];
  return (image.grid.rows * image.grid.columns) / (executor.signature.dims.patches?.multipleOf ?? 1);
}
