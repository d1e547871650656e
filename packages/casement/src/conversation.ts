import type { ImagePatches, ImageTokens } from '@casement/session';
import type { GoldenImage } from './golden.ts';

/** A stretch of text, and the image shown before it, if there is one. */
export interface Turn {
  readonly image?: ImagePatches | ImageTokens;
  readonly ids: readonly number[];
}

/** An image, and how many text ids stand before it. */
export interface ShownImage {
  readonly start: number;
  readonly image: ImagePatches | ImageTokens;
}

/** Images as a model takes them: as pixels if it has an encoder and they are at hand, else as tokens. */
export function shownImages(images: readonly GoldenImage[], seesPixels: boolean): ShownImage[] {
  return images.map(({ start, tokens, patches }) => ({ start, image: (seesPixels ? patches : undefined) ?? tokens }));
}

/** The text cut at its images, as a user would feed it: one chunk per window. Text before the first image has none. */
export function turnsOf(ids: readonly number[], images: readonly ShownImage[]): Turn[] {
  const opening = images[0]?.start ?? ids.length;
  const first: Turn[] = opening > 0 ? [{ ids: ids.slice(0, opening) }] : [];
  const rest = images.map(({ start, image }, i): Turn => {
    return { image, ids: ids.slice(start, images[i + 1]?.start ?? ids.length) };
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
