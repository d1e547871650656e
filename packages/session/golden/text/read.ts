import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { openTokenizer, readTokenizerFiles, type Tokenizer, type TokenizerFiles } from '../../src/text/index.ts';
import type { ChatMessage } from '../../src/text/messages.ts';

interface TextGolden {
  readonly text: string;
  readonly ids: readonly number[];
  readonly decoded: string;
  readonly shown: string;
}

interface ConversationGolden {
  readonly messages: readonly ChatMessage[];
  readonly options: Readonly<Record<string, unknown>>;
  /** With and without the start of an answer. */
  readonly text: string;
  readonly closed: string;
  readonly images: readonly string[];
  /** Rows and columns of patches of each image. */
  readonly grids: readonly (readonly [number, number])[];
  readonly ids: readonly number[];
}

interface Goldens {
  readonly texts: readonly TextGolden[];
  readonly sequences: readonly Omit<TextGolden, 'text'>[];
  readonly conversations: readonly ConversationGolden[];
}

// Written by make.py beside this file, in this shape.
export const goldens = JSON.parse(readFileSync(new URL('goldens.json', import.meta.url), 'utf8')) as Goldens;

export function readSmallFiles(): Promise<TokenizerFiles> {
  const folder = new URL('model/', import.meta.url);
  return readTokenizerFiles((name) => readFile(new URL(name, folder), 'utf8').catch(() => undefined));
}

export async function openSmallTokenizer(): Promise<Tokenizer> {
  return openTokenizer(await readSmallFiles());
}
