import { captionStream, type Executor, type Session } from '@casement/session';
import { type ImageSettings, preprocessImage } from '@casement/session/image';
import type { Tokenizer } from '@casement/session/text';
import type { Frame } from './draw.ts';

/** What was said of a frame, and what that took. */
export interface FrameCaption {
  readonly text: string;
  /** With the stop token. */
  readonly tokens: readonly number[];
  /** From the frame's pixels to the caption's last token. */
  readonly milliseconds: number;
  /** The most keys and values held while the caption was written, by what counts them: `past` and `window`. */
  readonly held: ReadonlyMap<string, number>;
}

export interface Captioner {
  readonly session: Session;
  readonly tokenizer: Tokenizer;
  readonly images: ImageSettings;
  /** Text that stands with every frame: `post_image_tokens` of the model's config. */
  readonly delimiters: readonly number[];
  readonly stopTokens: readonly number[];
  /** Bytes of keys and values held now, by what counts them. */
  readonly kvBytes: (executor: Executor) => ReadonlyMap<string, number>;
}

/**
 * Captions frames one by one, greedily; each caption is read with the next frame. The next frame is taken when the caption
 * before is complete. Works with all three ways for images into the text. The session must be fresh or reset.
 */
export async function* captionFrames(
  { session, tokenizer, images, delimiters, stopTokens, kvBytes }: Captioner,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
): AsyncGenerator<FrameCaption> {
  let start = 0;
  async function* patches() {
    for await (const frame of frames) {
      start = performance.now();
      yield preprocessImage(frame, images);
    }
  }
  const stream = captionStream(session, patches(), {
    prompt: { before: [], after: delimiters, delimiters },
    settings: { stopTokens, maxTokens: 20 },
    tokenizer,
  });
  let [text, tokens, held]: [string, number[], Map<string, number>] = ['', [], new Map()];
  for await (const generated of stream) {
    text += generated.text;
    tokens.push(generated.token);
    for (const [dim, bytes] of kvBytes(session.executor)) held.set(dim, Math.max(held.get(dim) ?? 0, bytes));
    if (generated.finish === undefined) continue;
    yield { text: text.trim(), tokens, milliseconds: performance.now() - start, held };
    [text, tokens, held] = ['', [], new Map()];
  }
}
