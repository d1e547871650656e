import { ImageError } from './error.ts';

type Triple = readonly [number, number, number];

/** How a picture becomes patches; what `preprocessor_config.json` of a Qwen2-VL style model says. */
export interface ImageSettings {
  /** Bounds of height × width after resizing, in pixels. */
  readonly minPixels: number;
  readonly maxPixels: number;
  /** Side of a patch in pixels. */
  readonly patchSize: number;
  /** Side of the square of patches that becomes one image token. */
  readonly mergeSize: number;
  /** How many frames a patch spans; a still picture is repeated. */
  readonly temporalPatchSize: number;
  readonly resize: boolean;
  /** Multiplies every byte; undefined leaves bytes as they are. */
  readonly rescaleFactor: number | undefined;
  /** Subtracted, and divided by, after rescaling; undefined leaves values as they are. */
  readonly normalize: { readonly mean: Triple; readonly std: Triple } | undefined;
}

const BICUBIC = 3;
const CLIP_MEAN: Triple = [0.48145466, 0.4578275, 0.40821073];
const CLIP_STD: Triple = [0.26862954, 0.26130258, 0.27577711];

/**
 * Reads a parsed `preprocessor_config.json` (or the `image_processor` part of a `processor_config.json`), with the
 * defaults of transformers 5.17's Qwen2VLImageProcessor. Throws ImageError, naming the key, for values that make no
 * sense and for methods that are not implemented.
 */
export function readImageSettings(config: Readonly<Record<string, unknown>>): ImageSettings {
  if (isRecord(config.image_processor)) return readImageSettings(config.image_processor);
  const size = isRecord(config.size) ? config.size : {};
  const resample = config.resample ?? BICUBIC;
  if (resample !== BICUBIC) {
    throw new ImageError(`resample ${String(resample)} is not implemented: only 3 (bicubic) is`);
  }
  const settings: ImageSettings = {
    minPixels: count('min_pixels', config.min_pixels ?? size.shortest_edge ?? 56 * 56),
    maxPixels: count('max_pixels', config.max_pixels ?? size.longest_edge ?? 28 * 28 * 1280),
    patchSize: count('patch_size', config.patch_size ?? 14),
    mergeSize: count('merge_size', config.merge_size ?? 2),
    temporalPatchSize: count('temporal_patch_size', config.temporal_patch_size ?? 2),
    resize: flag('do_resize', config.do_resize),
    rescaleFactor: flag('do_rescale', config.do_rescale)
      ? positive('rescale_factor', config.rescale_factor ?? 1 / 255)
      : undefined,
    normalize: flag('do_normalize', config.do_normalize)
      ? {
          mean: triple('image_mean', config.image_mean ?? CLIP_MEAN, number),
          std: triple('image_std', config.image_std ?? CLIP_STD, positive),
        }
      : undefined,
  };
  if (settings.minPixels > settings.maxPixels) {
    throw new ImageError(`min_pixels ${settings.minPixels} is above max_pixels ${settings.maxPixels}`);
  }
  return settings;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flag(key: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'boolean') throw invalid(key, value, 'true or false');
  return value;
}

function number(key: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(key, value, 'a number');
  return value;
}

function positive(key: string, value: unknown): number {
  if (number(key, value) <= 0) throw invalid(key, value, 'above 0');
  return number(key, value);
}

function count(key: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || number(key, value) < 1) throw invalid(key, value, 'a whole number above 0');
  return number(key, value);
}

function triple(key: string, value: unknown, check: (key: string, value: unknown) => number): Triple {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value, value, value];
  if (list.length !== 3) throw invalid(key, value, 'a number, or one for each of red, green and blue');
  return [check(key, list[0]), check(key, list[1]), check(key, list[2])];
}

function invalid(key: string, value: unknown, wanted: string): ImageError {
  return new ImageError(`the image preprocessor's ${key} must be ${wanted}, got ${JSON.stringify(value)}`);
}
