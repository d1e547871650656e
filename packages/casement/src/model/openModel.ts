import { readdir } from 'node:fs/promises';
import type { Manifest } from '@casement/runtime';
import {
  type Caption,
  captionSettings,
  captionStream,
  type GenerationSettings,
  type ImagePatches,
  Session,
} from '@casement/session';
import { type ChatMessage, captionPrompt, TextError, type Tokenizer } from '@casement/session/text';
import type { Target } from '../artifact/compile.ts';
import { MANIFEST_FILE, readManifest } from '../artifact/manifest.ts';
import { openExecutor } from '../artifact/openExecutor.ts';
import { UserError } from '../error.ts';
import { type AskOptions, type Chat, openChat } from './chat.ts';
import { type ImageFile, type ImageReader, imageReader } from './imageReader.ts';
import { type Processor, readProcessor, type TextProcessor } from './readProcessor.ts';

export interface OpenModelOptions {
  /** Default: what the artifact was built for, ONNX first. */
  readonly target?: Target;
  /** Bound of height × width to which pictures are shrunk; default: the checkpoint's. */
  readonly maxPixels?: number;
}

export interface CaptionOptions extends Pick<AskOptions, 'signal' | 'variables'> {
  /** Messages before the captions: what the model is to do. */
  readonly instructions?: readonly ChatMessage[];
  /** The words with which the first caption starts. */
  readonly prefix?: string;
  /** Over those of the CASA authors' captioner. */
  readonly settings?: Partial<GenerationSettings>;
}

/** A model that takes text and pictures and gives text. It holds one conversation at a time. */
export interface OpenModel extends Chat {
  readonly manifest: Manifest;
  /** For what `ask` and `caption` do not do: ids in, logits out. */
  readonly session: Session;
  /** Absent: the model came without, and takes ids only. */
  readonly tokenizer?: Tokenizer;
  /** How the model's makers draw tokens, and keys of their `generation_config.json` that are not implemented. */
  readonly generation: Processor['generation'];
  /** Makes what the image encoder takes out of a PNG, JPEG or WebP. */
  readImage(image: ImageFile): Promise<ImagePatches>;
  /** Captions frames as they come, as one answer that never ends; forgets what was said before. See `captionStream`. */
  caption(frames: AsyncIterable<ImageFile> | Iterable<ImageFile>, options?: CaptionOptions): AsyncGenerator<Caption>;
  /** Frees everything; any later call throws. */
  dispose(): Promise<void>;
}

/**
 * Opens an artifact folder, with its tokenizer, chat template and settings. `ask` and `caption` throw TextError without
 * a tokenizer, ImageError for pictures that are none or too large, SettingsError, and InputError when the caches are full.
 * Throws UserError when the folder is no artifact or was not built for the target.
 */
export async function openModel(dir: string, { target, maxPixels }: OpenModelOptions = {}): Promise<OpenModel> {
  await refuseCheckpoint(dir);
  const manifest = await readManifest(dir);
  const { text, images, generation } = await readProcessor(dir, manifest);
  const settings =
    images && maxPixels ? { ...images, maxPixels, minPixels: Math.min(images.minPixels, maxPixels) } : images;
  const readImage = imageReader(manifest, settings);
  const executor = await openExecutor(dir, target ?? (manifest.targets.onnx ? 'onnx' : 'webgpu'));
  const session = new Session(executor);
  const chat = text && openChat({ session, text, readImage, settings: generation.settings });
  return {
    manifest,
    session,
    ...(text ? { tokenizer: text.tokenizer } : {}),
    generation,
    readImage,
    ask: (messages, options) => (chat ?? noTokenizer(dir)).ask(messages, options),
    caption: (frames, options) =>
      captions(session, text ?? noTokenizer(dir), readImage, generation.settings.stopTokens ?? [], frames, options),
    reset: () => (chat ?? session).reset(),
    dispose: () => executor.dispose(),
  };
}

async function* captions(
  session: Session,
  { tokenizer, template, imageToken, delimiters }: TextProcessor,
  readImage: ImageReader,
  stopTokens: readonly number[],
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
    settings: { ...captionSettings(stopTokens), ...settings },
    ...(signal ? { signal } : {}),
  });
}

async function* readAll(
  frames: AsyncIterable<ImageFile> | Iterable<ImageFile>,
  readImage: ImageReader,
): AsyncGenerator<ImagePatches> {
  for await (const frame of frames) yield readImage(frame);
}

function noTokenizer(dir: string): never {
  throw new TextError(
    `${dir} has no tokenizer, so it takes token ids only (casement run --input); put the model's tokenizer.json and ` +
      'tokenizer_config.json into the checkpoint folder and build it again',
  );
}

async function refuseCheckpoint(dir: string): Promise<void> {
  const files: string[] = await readdir(dir).catch(() => []); // readManifest says what is wrong
  if (files.includes(MANIFEST_FILE) || !files.includes('config.json')) return;
  throw new UserError(`${dir} is a checkpoint folder, no artifact; build it first: casement build ${dir} --out <dir>`);
}
