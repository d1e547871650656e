import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, ProcessorSpec } from '@casement/runtime';
import { type ConfigSettings, settingsFromConfig } from '@casement/session';
import { type ImageSettings, readImageSettings } from '@casement/session/image';
import {
  type ChatTemplate,
  type ImageDelimiters,
  openChatTemplate,
  openTokenizer,
  readTokenizerFiles,
  type Tokenizer,
} from '@casement/session/text';
import { UserError } from '../error.ts';
import { plainTemplate } from './plainTemplate.ts';

/** What an artifact says about text, pictures and answers. */
export interface Processor {
  /** Absent: token ids only. */
  readonly text?: TextProcessor;
  /** Absent: the model sees no pixels. */
  readonly images?: ImageSettings;
  /** How the model's makers draw tokens; `ignored` are keys that are not implemented. */
  readonly generation: ConfigSettings;
}

export interface TextProcessor {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** What stands for an image in a rendered chat, and its id if it is a token. */
  readonly imageToken: string;
  readonly delimiters: ImageDelimiters;
}

/** Reads the processor's files in an artifact folder. Throws UserError, TextError, ImageError or SettingsError. */
export async function readProcessor(dir: string, { processor = {} }: Manifest): Promise<Processor> {
  const text = await readText(dir, processor);
  const images = await readImages(dir, processor);
  return {
    ...(text ? { text } : {}),
    ...(images ? { images } : {}),
    generation: await readSettings(dir, processor, text),
  };
}

async function readText(dir: string, { tokenizer: files, images }: ProcessorSpec): Promise<TextProcessor | undefined> {
  if (files === undefined) return undefined;
  const read = await readTokenizerFiles(async (name) =>
    files.includes(name) ? readFile(join(dir, name), 'utf8') : undefined,
  );
  const tokenizer = openTokenizer(read);
  // A model without a token of its own for images is given them between texts, so any text will do that nobody writes.
  const imageToken = images?.token === undefined ? '<image>' : tokenizer.decode([images.token]);
  const template =
    read.chatTemplate === undefined ? plainTemplate(imageToken) : openChatTemplate(read, tokenizer.named, imageToken);
  return { tokenizer, template, imageToken, delimiters: { before: images?.before ?? [], after: images?.after ?? [] } };
}

async function readImages(dir: string, { preprocessor, images }: ProcessorSpec): Promise<ImageSettings | undefined> {
  const made = images?.patches;
  if (made === undefined) return undefined;
  const wanted = { patch_size: made.side, temporal_patch_size: made.frames, merge_size: made.merge };
  const config = preprocessor === undefined ? {} : await readJson(dir, preprocessor);
  const settings = readImageSettings(preprocessor === undefined ? wanted : config);
  const found = {
    patch_size: settings.patchSize,
    temporal_patch_size: settings.temporalPatchSize,
    merge_size: settings.mergeSize,
  };
  for (const [key, value] of Object.entries(wanted)) {
    const given = Object.entries(found).find(([name]) => name === key)?.[1];
    if (given === value) continue;
    throw new UserError(
      `${join(dir, preprocessor ?? '')}: ${key} is ${given}, but the model's image encoder was made for ${value}`,
    );
  }
  return settings;
}

async function readSettings(
  dir: string,
  { generation, stopTokens }: ProcessorSpec,
  text: TextProcessor | undefined,
): Promise<ConfigSettings> {
  const { settings, ignored } = settingsFromConfig(generation === undefined ? {} : await readJson(dir, generation));
  const named = text?.tokenizer.idOf(text.tokenizer.named.eos_token ?? '');
  const stop = settings.stopTokens ?? stopTokens ?? (named === undefined ? [] : [named]);
  return { settings: { ...settings, stopTokens: stop }, ignored };
}

async function readJson(dir: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(dir, name);
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UserError(`${path} must hold a JSON object`);
}
