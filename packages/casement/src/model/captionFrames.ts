import {
  type Caption,
  captionSettings,
  captionStream,
  type GenerationSettings,
  type ImagePatches,
  type ModelSignature,
} from '@casement/session';
import { type ChatMessage, captionPrompt, TextError } from '@casement/session/text';
import { UserError } from '../error.ts';
import type { AskOptions, ChatParts } from './chat.ts';
import type { ImageFile, ImageReader } from './imageReader.ts';
import type { TextProcessor } from './readProcessor.ts';

export interface CaptionOptions extends Pick<AskOptions, 'signal' | 'variables'> {
  /** Messages before the captions: what the model is to do. */
  readonly instructions?: readonly ChatMessage[];
  /** The words with which the first caption starts. */
  readonly prefix?: string;
  /** Take the likeliest token always, where the CASA authors' captioner draws and punishes repetition. Default: false. */
  readonly greedy?: boolean;
  /** Over those of the CASA authors' captioner, or over `greedy`. */
  readonly settings?: Partial<GenerationSettings>;
}

/** A frame: a picture's file, or what the model's encoder takes of it. */
export type CaptionedFrame = ImageFile | ImagePatches;

/** Captions frames; forgets what the session read before. Throws UserError or TextError when the model cannot. */
export async function* captionFrames(
  { session, text, readImage, settings: defaults }: ChatParts,
  frames: AsyncIterable<CaptionedFrame> | Iterable<CaptionedFrame>,
  { instructions = [], prefix = '', greedy = false, settings, signal, ...options }: CaptionOptions = {},
): AsyncGenerator<Caption> {
  requireCaptions(session.executor.signature, text);
  const { tokenizer, template, imageToken, delimiters } = text;
  const prompt = captionPrompt(template, tokenizer, { instructions, prefix, imageToken, delimiters, ...options });
  await session.reset();
  yield* captionStream(session, readAll(frames, readImage), {
    prompt,
    tokenizer,
    settings: captionDrawing(defaults, { greedy, ...(settings ? { settings } : {}) }),
    ...(signal ? { signal } : {}),
  });
}

/** How captions are drawn: as the CASA authors' are, or greedily; `defaults` are the model's, which say what ends them. */
export function captionDrawing(
  { stopTokens: ends = [] }: Partial<GenerationSettings>,
  { greedy = false, settings }: Pick<CaptionOptions, 'greedy' | 'settings'>,
): Partial<GenerationSettings> {
  const authors = captionSettings(ends);
  const { stopTokens, maxTokens } = authors;
  return { ...(greedy ? { stopTokens, maxTokens } : authors), ...settings };
}

/** Throws UserError or TextError when a model cannot caption frame after frame. */
export function requireCaptions(
  { name, entries }: ModelSignature,
  { delimiters }: Pick<TextProcessor, 'delimiters'>,
): void {
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
}

async function* readAll(
  frames: AsyncIterable<CaptionedFrame> | Iterable<CaptionedFrame>,
  readImage: ImageReader,
): AsyncGenerator<ImagePatches> {
  for await (const frame of frames) {
    yield typeof frame === 'object' && 'grid' in frame ? frame : readImage(frame);
  }
}
