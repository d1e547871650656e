import type { ImagePatches, ImageTokens } from '@casement/session';
import {
  type ChatMessage,
  continueChat,
  encodePrompt,
  imagesOf,
  type RenderOptions,
  TextError,
  type WindowTurn,
  windowPrompt,
} from '@casement/session/text';
import type { ImageFile, ImageReader } from './imageReader.ts';
import type { TextProcessor } from './readProcessor.ts';

export type Message = ChatMessage<ImageFile>;

/** A conversation as a model reads it: text, and which of the images stand before it. */
export interface Reading<Image> {
  readonly messages: readonly Message[];
  readonly turns: readonly WindowTurn[];
  readonly images: readonly Image[];
}

/** What was said up to an answer, and the answer so far. */
export interface Past extends Reading<ImageTokens> {
  readonly answer: number[];
  /** Whether the session's caches hold exactly this; false after an abort or an error. */
  inCaches: boolean;
}

/** A conversation that awaits an answer. */
export interface ChatPrompt extends Reading<ImagePatches | ImageTokens> {
  /** How many of the turns the caches hold already. If none, they must be empty. */
  readonly read: number;
}

export interface PromptParts {
  readonly text: TextProcessor;
  readonly readImage: ImageReader;
  /** Whether images enter the text: then they stand where the template has them, without delimiters of their own. */
  readonly inserts: boolean;
}

/**
 * The next messages after what was said. Most templates let them follow it, and its very tokens stay as they were; where
 * one writes the past differently, all of it is written anew.
 */
export async function chatPrompt(
  { text: { template, tokenizer, imageToken, delimiters }, readImage, inserts }: PromptParts,
  past: Past | undefined,
  next: readonly Message[],
  options: RenderOptions,
): Promise<ChatPrompt> {
  const fresh = await readImages(next, readImage);
  const cut = (text: string, images: number, continued: boolean): WindowTurn[] => {
    const parts = encodePrompt(tokenizer, text, { imageToken, images, continued });
    return windowPrompt(parts, inserts ? { before: [], after: [] } : delimiters);
  };
  if (past === undefined) {
    return { messages: next, turns: cut(template.prompt(next, options), fresh.length, false), images: fresh, read: 0 };
  }
  const images = [...past.images, ...fresh];
  const goesOn = continueChat(template, tokenizer, { ...past, next }, options);
  if (goesOn === undefined) {
    const said = { role: 'assistant', content: tokenizer.decode(past.answer, { skipSpecialTokens: true }) };
    const messages = [...past.messages, said, ...next];
    return { messages, turns: cut(template.prompt(messages, options), images.length, false), images, read: 0 };
  }
  const before = [...past.turns, { ids: past.answer }];
  const after = cut(goesOn.text, fresh.length, true).map(({ image, ids }): WindowTurn => {
    return image === undefined ? { ids } : { image: past.images.length + image, ids };
  });
  return {
    messages: [...past.messages, goesOn.message, ...next],
    turns: [...before, ...after],
    images,
    read: past.inCaches ? before.length : 0,
  };
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
