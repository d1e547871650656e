import type { PromptParts } from './prompt.ts';

/** A stretch of text, and the image that is shown before it (its index), if there is one. */
export interface WindowTurn {
  readonly image?: number;
  readonly ids: readonly number[];
}

/** Text tokens around every image: `pre_image_tokens` and `post_image_tokens` of the config. */
export interface ImageDelimiters {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * A prompt for a model that keeps images out of the text (CASA): one turn per window. Both delimiters belong to the
 * image's own window: it opens, then the delimiters are read (CASA.md, state machine 1; a convention). A template that
 * writes the delimiters itself, as Qwen's does, is recognised.
 */
export function windowPrompt(parts: PromptParts, { before, after }: ImageDelimiters): WindowTurn[] {
  const last = parts.length - 1;
  const turns = parts.map((part, i): WindowTurn => {
    const from = i > 0 && startsWith(part, after) ? after.length : 0;
    const to = i < last && endsWith(part, before) ? part.length - before.length : part.length;
    const text = part.slice(from, Math.max(from, to));
    return i === 0 ? { ids: text } : { image: i - 1, ids: [...before, ...after, ...text] };
  });
  return turns.filter(({ image, ids }) => image !== undefined || ids.length > 0);
}

function startsWith(ids: readonly number[], start: readonly number[]): boolean {
  return start.every((id, i) => ids[i] === id);
}

function endsWith(ids: readonly number[], end: readonly number[]): boolean {
  return ids.length >= end.length && startsWith(ids.slice(ids.length - end.length), end);
}
