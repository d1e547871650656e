import type { ModelSignature } from '@casement/session';
import { PromptTooLong } from '../model/checkRoom.ts';

/** More than a token has in any language: only runs of one character come near. */
const CHARACTERS_PER_TOKEN = 16;

/**
 * Throws PromptTooLong for texts that are much longer than the caches. Making tokens of them to find that out would keep
 * everyone else waiting: 20 MB take 15 seconds.
 */
export function checkTextLength({ entries, dims }: ModelSignature, texts: Iterable<string>): void {
  const most = Math.max(
    ...Object.keys(entries.step?.lengths ?? {}).map((dim) => dims[dim]?.max ?? Number.POSITIVE_INFINITY),
  );
  let characters = 0;
  for (const text of texts) characters += text.length;
  if (characters <= most * CHARACTERS_PER_TOKEN) return;
  throw new PromptTooLong(
    `the prompt is too long: it has ${characters} characters, and the caches hold ${most} tokens of text; shorten it, or ` +
      'build with a larger capacity',
  );
}
