import type { HostTensor } from '@casement/session';
import type { Conversation } from './golden.ts';

/** A stretch of text, and the image shown before it, if there is one. */
export interface Turn {
  readonly image?: HostTensor;
  readonly ids: readonly number[];
}

/** The text cut at its images, as a user would feed it: one chunk per window. Text before the first image has none. */
export function turnsOf({ ids, images }: Pick<Conversation, 'ids' | 'images'>): Turn[] {
  const opening = images[0]?.start ?? ids.length;
  const first: Turn[] = opening > 0 ? [{ ids: ids.slice(0, opening) }] : [];
  const rest = images.map((image, i): Turn => {
    const end = images[i + 1]?.start ?? ids.length;
    return { image: image.embeds, ids: ids.slice(image.start, end) };
  });
  return [...first, ...rest];
}

/** The same turns with every chunk of text cut to single tokens. */
export function tokenByToken(turns: readonly Turn[]): Turn[] {
  return turns.flatMap((turn) => {
    if (turn.ids.length <= 1) return [turn];
    const [first, ...rest] = turn.ids.map((id): Turn => ({ ids: [id] }));
    return [{ ...turn, ids: first?.ids ?? [] }, ...rest];
  });
}
