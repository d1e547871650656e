import { TextError } from './error.ts';
import type { PromptParts } from './prompt.ts';

/** A prompt for a model whose image tokens stand in the text. */
export interface InsertionPrompt {
  /** Every image as so many placeholders as it has tokens. */
  readonly ids: readonly number[];
  /** Where the placeholders of each image start, and how many they are. */
  readonly images: readonly { readonly start: number; readonly count: number }[];
}

/** Puts `counts[i]` placeholders at the place of image i, as transformers' Qwen2.5-VL processor does. */
export function insertionPrompt(parts: PromptParts, placeholder: number, counts: readonly number[]): InsertionPrompt {
  const [first = [], ...rest] = parts;
  if (rest.length !== counts.length) {
    throw new TextError(`the prompt has ${rest.length} places for images, but ${counts.length} images were given`);
  }
  const ids = [...first];
  const images = counts.map((count, i) => {
    const start = ids.length;
    for (let token = 0; token < count; token++) ids.push(placeholder);
    ids.push(...(rest[i] ?? []));
    return { start, count };
  });
  return { ids, images };
}
