import type { ImagePatches, ImageTokens } from '@casement/session';
import { type ChatMessage, continueChat, imagesOf, type RenderOptions, TextError } from '@casement/session/text';
import type { ImageFile, ImageReader } from './imageReader.ts';
import type { TextProcessor } from './readProcessor.ts';

export type Message = ChatMessage<ImageFile>;

/** What was said in a conversation, and what the session read of it. */
export interface Past {
  readonly messages: readonly Message[];
  readonly images: readonly ImageTokens[];
  /** All tokens before the answer to the last message. */
  readonly read: readonly number[];
  /** That answer so far. */
  readonly answer: number[];
  /** Whether the session's caches hold exactly this; false after an abort or an error. */
  inCaches: boolean;
}

/** Text to feed, and the images in it. */
export interface ChatPrompt {
  readonly text: string;
  readonly images: readonly (ImagePatches | ImageTokens)[];
  /** Whether it follows what the caches hold; else they must be empty. */
  readonly continued: boolean;
  /** The conversation up to here. */
  readonly messages: readonly Message[];
}

/**
 * What must be fed for the next messages of a conversation. Most templates let it follow what was read before; where one
 * writes the past differently, all of it is written anew.
 */
export async function chatPrompt(
  { template, tokenizer }: TextProcessor,
  readImage: ImageReader,
  past: Past | undefined,
  next: readonly Message[],
  options: RenderOptions,
): Promise<ChatPrompt> {
  const images = await readImages(next, readImage);
  if (past === undefined) {
    return { text: template.prompt(next, options), images, continued: false, messages: next };
  }
  const { messages: asked, answer } = past;
  const goesOn = past.inCaches
    ? continueChat(template, tokenizer, { messages: asked, answer, next }, options)
    : undefined;
  if (goesOn) return { text: goesOn.text, images, continued: true, messages: [...asked, goesOn.message, ...next] };
  const said = { role: 'assistant', content: tokenizer.decode(answer, { skipSpecialTokens: true }) };
  const messages = [...asked, said, ...next];
  const all = [...past.images, ...images];
  return { text: template.prompt(messages, options), images: all, continued: false, messages };
}

async function readImages(messages: readonly Message[], readImage: ImageReader): Promise<ImagePatches[]> {
  const images: ImagePatches[] = [];
  for (const part of imagesOf(messages)) {
    if (part.type !== 'image' || part.image === undefined) {
      throw new TextError(
        'an image in a message must be given as {type: "image", image: a path or the bytes of a file}',
      );
    }
    images.push(await readImage(part.image));
  }
  return images;
}
