import { type Caption, captionStream, type ImagePatches, type Session } from '@casement/session';
import { type ImageSettings, preprocessImage } from '@casement/session/image';
import type { Tokenizer } from '@casement/session/text';
import type { Frame } from '../../captioner/src/draw.ts';
import { cacheBytes } from './cacheBytes.ts';
import type { CaptionStep } from './messages.ts';

export interface ConversationParts {
  readonly session: Session;
  readonly tokenizer: Tokenizer;
  readonly images: ImageSettings;
  /** Text tokens that stand with every frame. */
  readonly delimiters: readonly number[];
  readonly stopTokens: readonly number[];
}

/** Tokens of a caption, at most. */
const LONGEST = 20;

export interface Conversation {
  caption(frame: Frame): AsyncGenerator<CaptionStep>;
  /** Forgets all frames and captions. */
  reset(): Promise<void>;
}

/**
 * Captions frames one by one, as one answer that never ends: each caption is read with the frames after it. When the text
 * cache has no room for another frame, it begins anew.
 */
export function createConversation(parts: ConversationParts): Conversation {
  let stream = openStream(parts);
  const reset = async () => {
    await parts.session.reset();
    stream = openStream(parts);
  };
  async function* caption(frame: Frame): AsyncGenerator<CaptionStep> {
    const start = performance.now();
    const image = preprocessImage(frame, parts.images);
    const { session, delimiters } = parts;
    const tokens = (image.grid.rows * image.grid.columns) / parts.images.mergeSize ** 2;
    const capacity = session.executor.signature.dims.past?.max ?? 0;
    if ((session.executor.lengths.get('past') ?? 0) + tokens + delimiters.length + LONGEST + 1 > capacity) {
      await reset();
      yield { kind: 'restart' };
    }
    stream.show(image, tokens);
    let [imageBytes, textBytes] = [0, 0];
    for (let finished = false; !finished; ) {
      const { value } = await stream.captions.next();
      if (value === undefined) return; // `show` is the only one who could end it, and never does
      const held = cacheBytes(session.executor, stream.imageTokens());
      imageBytes = Math.max(imageBytes, held.images);
      textBytes = Math.max(textBytes, held.text);
      finished = value.finish !== undefined;
      if (value.text) yield { kind: 'text', text: value.text };
    }
    yield { kind: 'end', cost: { milliseconds: performance.now() - start, imageBytes, textBytes } };
  }
  return { caption, reset };
}

interface Stream {
  readonly captions: AsyncGenerator<Caption>;
  show(image: ImagePatches, tokens: number): void;
  /** Tokens of all images shown so far. */
  imageTokens(): number;
}

function openStream({ session, tokenizer, delimiters, stopTokens }: ConversationParts): Stream {
  const waiting: ImagePatches[] = [];
  let shown = 0;
  async function* images() {
    for (;;) {
      const image = waiting.shift();
      if (image === undefined) throw new Error('a caption was asked for without a frame');
      yield image;
    }
  }
  const captions = captionStream(session, images(), {
    prompt: { before: [], after: delimiters, delimiters },
    settings: { stopTokens, maxTokens: LONGEST },
    tokenizer,
  });
  return {
    captions,
    show: (image, tokens) => {
      waiting.push(image);
      shown += tokens;
    },
    imageTokens: () => shown,
  };
}
