import {
  type Caption,
  captionSettings,
  captionStream,
  type GenerationSettings,
  type ImagePatches,
} from '@casement/session';
import { type ChatMessage, captionPrompt, TextError } from '@casement/session/text';
import { UserError } from '../error.ts';
import type { AskOptions, ChatParts } from './chat.ts';
import type { ImageFile, ImageReader } from './imageReader.ts';

export interface CaptionOptions extends Pick<AskOptions, 'signal' | 'variables'> {
  /** Messages before the captions: what the model is to do. */
  readonly instructions?: readonly ChatMessage[];
  /** The words with which the first caption starts. */
  readonly prefix?: string;
  /** Over those of the CASA authors' captioner. */
  readonly settings?: Partial<GenerationSettings>;
}

/** Captions frames; forgets what the session read before. Throws UserError or TextError when the model cannot. */
export async function* captionFrames(
  { session, text: { tokenizer, template, imageToken, delimiters }, readImage, settings: defaults }: ChatParts,
  frames: AsyncIterable<ImageFile> | Iterable<ImageFile>,
  { instructions = [], prefix = '', settings, signal, ...options }: CaptionOptions = {},
): AsyncGenerator<Caption> {
  const { name, entries } = session.executor.signature;
  if (entries.openWindow === undefined) {
    throw new UserError(
      `model ${name} ${entries.insertImage ? 'puts images into its text, which would grow with every frame' : 'takes no images'}; ` +
        'captioning needs a model with fusion layers (CASA or CA)',
    );
  }
  if (delimiters.before.length + delimiters.after.length === 0) {
    throw new TextError(
      'captioning needs text that stands with every frame: pre_image_tokens or post_image_tokens in config.json',
    );
  }
  const prompt = captionPrompt(template, tokenizer, { instructions, prefix, imageToken, delimiters, ...options });
  await session.reset();
  yield* captionStream(session, readAll(frames, readImage), {
    prompt,
    tokenizer,
    settings: { ...captionSettings(defaults.stopTokens ?? []), ...settings },
    ...(signal ? { signal } : {}),
  });
}

async function* readAll(
  frames: AsyncIterable<ImageFile> | Iterable<ImageFile>,
  readImage: ImageReader,
): AsyncGenerator<ImagePatches> {
  for await (const frame of frames) yield readImage(frame);
}
