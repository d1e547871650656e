import { TextError } from './error.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Token ids cut at the places of the images: one list more than there are images. */
export type PromptParts = readonly (readonly number[])[];

/**
 * Encodes a rendered chat. The beginning-of-text token is added unless the text begins with it already, as transformers'
 * processors do; `continued` text has none. Throws TextError when the places for images are not as many as `images`.
 */
export function encodePrompt(
  tokenizer: Tokenizer,
  text: string,
  { imageToken, images, continued = false }: { imageToken: string; images: number; continued?: boolean },
): PromptParts {
  const bos = tokenizer.named.bos_token;
  const addSpecialTokens = !continued && !(bos && text.startsWith(bos));
  const id = tokenizer.idOf(imageToken);
  const parts =
    id === undefined
      ? text
          .split(imageToken)
          .map((part, i) => tokenizer.encode(part, { addSpecialTokens: addSpecialTokens && i === 0 }))
      : splitAt(tokenizer.encode(text, { addSpecialTokens }), id);
  if (parts.length !== images + 1) {
    throw new TextError(
      `the prompt has ${parts.length - 1} places for images (${imageToken}), but ${images} images were given: ` +
        'a message that contains this text itself counts too',
    );
  }
  return parts;
}

function splitAt(ids: readonly number[], separator: number): number[][] {
  const parts: number[][] = [[]];
  for (const id of ids) {
    if (id === separator) parts.push([]);
    else parts.at(-1)?.push(id);
  }
  return parts;
}
