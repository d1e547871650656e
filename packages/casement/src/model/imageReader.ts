import { readFile } from 'node:fs/promises';
import type { ImagePatches, ModelSignature } from '@casement/session';
import {
  checkCapacity,
  ImageError,
  type ImageSettings,
  preprocessImage,
  readImageHeader,
} from '@casement/session/image';
import { decodeImage } from '@casement/session/image-node';
import { UserError } from '../error.ts';

/** A PNG, JPEG or WebP: the path of a file, or what it holds. */
export type ImageFile = string | Uint8Array;

export type ImageReader = (image: ImageFile) => Promise<ImagePatches>;

/**
 * Makes what a model's encoder takes out of image files. The reader throws UserError when the model takes no pictures or
 * a file cannot be read, and ImageError when it is no picture or has no room in the model.
 */
export function imageReader(signature: ModelSignature, settings: ImageSettings | undefined): ImageReader {
  const { name, entries, dims } = signature;
  return async (image) => {
    if (entries.encodeImage === undefined) {
      const takesTokens = entries.openWindow ?? entries.insertImage;
      throw new UserError(
        takesTokens
          ? `model ${name} has no image encoder: it takes image embeddings, in a .safetensors file given with --input`
          : `model ${name} takes no images: it has no image encoder (no vision_config in its config.json)`,
      );
    }
    if (settings === undefined) {
      throw new UserError(
        `the artifact of model ${name} does not say how its image encoder takes pictures; build it from a checkpoint ` +
          'folder whose config.json has vision_config',
      );
    }
    const tokens = (dims.patches?.max ?? Number.POSITIVE_INFINITY) / settings.mergeSize ** 2;
    const most = Math.min(tokens, dims.image?.max ?? tokens);
    return within(image, async () => {
      const bytes = typeof image === 'string' ? await readImageFile(image) : image;
      const header = readImageHeader(bytes);
      if (header.width > 0 && header.height > 0) checkCapacity(header, settings, most);
      return preprocessImage(await decodeImage(bytes), settings);
    });
  };
}

async function readImageFile(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: Error) => {
    throw new UserError(`cannot read the image ${path}: ${error.message}`);
  });
}

/** Says of a problem which file has it. */
async function within<T>(image: ImageFile, work: () => Promise<T>): Promise<T> {
  return work().catch((cause: unknown) => {
    if (typeof image === 'string' && cause instanceof ImageError)
      throw new ImageError(`${image}: ${cause.message}`, { cause });
    throw cause;
  });
}
