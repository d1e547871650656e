import type { Manifest } from '@casement/runtime';
import { type Caption, type Executor, type ImagePatches, Session } from '@casement/session';
import { TextError, type Tokenizer } from '@casement/session/text';
import type { Target } from '../artifact/compile.ts';
import { type OpenExecutorOptions, openExecutor } from '../artifact/openExecutor.ts';
import { type CaptionOptions, captionFrames } from './captionFrames.ts';
import { type Chat, openChat } from './chat.ts';
import type { ImageFile } from './imageReader.ts';
import { readModel } from './readModel.ts';
import type { Processor } from './readProcessor.ts';

export interface OpenModelOptions extends OpenExecutorOptions {
  /** Default: what the artifact was built for, ONNX first; WebGPU with a variant. */
  readonly target?: Target;
  /** Bound of height × width to which pictures are shrunk; default: the checkpoint's. */
  readonly maxPixels?: number;
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
export async function openModel(
  dir: string,
  { target, maxPixels, variant }: OpenModelOptions = {},
): Promise<OpenModel> {
  const { manifest, text, generation, readImage } = await readModel(dir, maxPixels);
  const chosen = target ?? (manifest.targets.onnx && variant === undefined ? 'onnx' : 'webgpu');
  const executor = await openExecutor(dir, chosen, { variant });
  const session = await sessionOn(executor);
  const parts = { session, readImage, settings: generation.settings };
  const chat = text && openChat({ ...parts, text });
  return {
    manifest,
    session,
    ...(text ? { tokenizer: text.tokenizer } : {}),
    generation,
    readImage,
    ask: (messages, options) => (chat ?? noTokenizer(dir)).ask(messages, options),
    caption: (frames, options) => captionFrames({ ...parts, text: text ?? noTokenizer(dir) }, frames, options),
    reset: () => (chat ?? session).reset(),
    dispose: () => executor.dispose(),
  };
}

function noTokenizer(dir: string): never {
  throw new TextError(
    `${dir} has no tokenizer, so it takes token ids only (casement run --input); put the model's tokenizer.json and ` +
      'tokenizer_config.json into the checkpoint folder and build it again',
  );
}

async function sessionOn(executor: Executor): Promise<Session> {
  try {
    return new Session(executor);
  } catch (error) {
    await executor.dispose();
    throw error;
  }
}
