import { readdir } from 'node:fs/promises';
import type { Manifest } from '@casement/runtime';
import type { ImageSettings } from '@casement/session/image';
import { MANIFEST_FILE, readManifest } from '../artifact/manifest.ts';
import { UserError } from '../error.ts';
import { type ImageReader, imageReader } from './imageReader.ts';
import { type Processor, readProcessor, type TextProcessor } from './readProcessor.ts';

/** An artifact folder as far as it can be read without loading weights. */
export interface ModelFiles {
  readonly manifest: Manifest;
  /** Absent: the model came without a tokenizer, and takes ids only. */
  readonly text?: TextProcessor;
  readonly generation: Processor['generation'];
  readonly readImage: ImageReader;
}

/**
 * Reads the manifest, tokenizer, chat template and settings of an artifact folder. Pictures are shrunk to `maxPixels`;
 * default: the checkpoint's bound. Throws UserError when the folder is no artifact, and TextError, ImageError or
 * SettingsError when its files cannot be used.
 */
export async function readModel(dir: string, maxPixels?: number): Promise<ModelFiles> {
  await refuseCheckpoint(dir);
  const manifest = await readManifest(dir);
  const { text, images, generation } = await readProcessor(dir, manifest);
  const readImage = imageReader(manifest, images && bounded(images, maxPixels));
  return { manifest, ...(text ? { text } : {}), generation, readImage };
}

/** A bound of the user's counts more than the checkpoint's least. */
function bounded(settings: ImageSettings, maxPixels = settings.maxPixels): ImageSettings {
  if (maxPixels > 0) return { ...settings, maxPixels, minPixels: Math.min(settings.minPixels, maxPixels) };
  throw new UserError(`maxPixels must be above 0, got ${maxPixels}`);
}

async function refuseCheckpoint(dir: string): Promise<void> {
  const files: string[] = await readdir(dir).catch(() => []); // readManifest says what is wrong
  if (files.includes(MANIFEST_FILE) || !files.includes('config.json')) return;
  throw new UserError(`${dir} is a checkpoint folder, no artifact; build it first: casement build ${dir} --out <dir>`);
}
