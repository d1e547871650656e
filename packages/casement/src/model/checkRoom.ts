import { type Executor, InputError } from '@casement/session';

/** A prompt that leaves no room in the caches; nothing was fed. */
export class PromptTooLong extends InputError {}

/** A stretch of a prompt: so many tokens of an image, if there is one, then so many of text. */
export interface Stretch {
  readonly image: number | undefined;
  readonly text: number;
}

/** How many tokens the decoder reads of text and of images. */
export interface PromptTokens {
  readonly text: number;
  readonly images: number;
}

export function promptTokens(prompt: readonly Stretch[]): PromptTokens {
  return {
    text: prompt.reduce((sum, stretch) => sum + stretch.text, 0),
    images: prompt.reduce((sum, { image = 0 }) => sum + image, 0),
  };
}

/**
 * How many tokens an answer can have after a prompt, which follows what the caches hold or, if not `continued`, takes its
 * place. Throws PromptTooLong, before anything is fed, when the prompt leaves no room in a cache.
 */
export function checkRoom({ signature, lengths }: Executor, prompt: readonly Stretch[], continued: boolean): number {
  const { entries, dims } = signature;
  const before: ReadonlyMap<string, number> = continued ? lengths : new Map();
  const held = new Map(before);
  const grow = (entry: string, count: number): void => {
    for (const dim of Object.keys(entries[entry]?.lengths ?? {})) held.set(dim, (held.get(dim) ?? 0) + count);
  };
  const roomOf = (dim: string): number => (dims[dim]?.max ?? Number.POSITIVE_INFINITY) - (held.get(dim) ?? 0);
  for (const { image, text } of prompt) {
    if (image !== undefined) {
      for (const dim of Object.keys(entries.openWindow?.lengths ?? {})) held.set(dim, 0);
      grow(entries.openWindow ? 'openWindow' : 'insertImage', image);
    }
    grow('step', text);
    for (const dim of held.keys())
      if (roomOf(dim) < 0) throw tooLong(dim, prompt, before.get(dim) ?? 0, dims[dim]?.max);
  }
  const growing = Object.keys(entries.step?.lengths ?? {});
  const full = growing.find((dim) => roomOf(dim) < 1);
  if (full !== undefined) throw tooLong(full, prompt, before.get(full) ?? 0, dims[full]?.max);
  return Math.min(...growing.map(roomOf));
}

function tooLong(dim: string, prompt: readonly Stretch[], before: number, most: number | undefined): PromptTooLong {
  const { text, images } = promptTokens(prompt);
  const taken = before > 0 ? `, of which ${before} are taken` : '';
  return new PromptTooLong(
    `the prompt is too long: it has ${text} tokens of text and ${images} of images, and the caches counted by "${dim}" ` +
      `hold ${most} positions${taken}; shorten it, give smaller or fewer images, or build with a larger capacity`,
  );
}
