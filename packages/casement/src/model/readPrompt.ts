import type { ImagePatches, ImageTokens, Session } from '@casement/session';
import { TextError, type WindowTurn } from '@casement/session/text';
import { checkRoom, type PromptTokens, promptTokens } from './checkRoom.ts';

/** A conversation as a model reads it: text, and which of the images stand before it. */
export interface Prompt {
  readonly turns: readonly WindowTurn[];
  readonly images: readonly (ImagePatches | ImageTokens)[];
}

/** How much of a prompt the caches hold: so many turns, and so many ids of the one after them. */
export interface Held {
  readonly turns: number;
  readonly ids: number;
}

export const NOTHING: Held = { turns: 0, ids: 0 };

export interface PromptSizes {
  readonly tokens: PromptTokens;
  /** How many of them the caches hold. */
  readonly cached: number;
  /** How many tokens an answer can have. */
  readonly room: number;
}

/** Throws PromptTooLong, and TextError for a prompt without text. */
export function measurePrompt(session: Session, { turns, images }: Prompt, held: Held): PromptSizes {
  const { executor } = session;
  // A window leaves the logits of the text before it; an inserted image has none.
  const continued = executor.signature.entries.insertImage ? turns.slice(-1) : turns;
  if (continued.every(({ ids }) => ids.length === 0)) {
    throw new TextError('the prompt has no text that the tokenizer makes tokens of, so there is nothing to continue');
  }
  const stretches = turns.map(({ image, ids }) => {
    return { image: tokensOf(session, images[image ?? -1]), text: ids.length };
  });
  const unread = stretches.slice(held.turns).map(({ image, text }, i) => {
    return i === 0 && held.ids > 0 ? { image: undefined, text: text - held.ids } : { image, text };
  });
  const room = checkRoom(executor, unread, held.turns + held.ids > 0);
  const [tokens, toRead] = [promptTokens(stretches), promptTokens(unread)];
  return { tokens, cached: tokens.text + tokens.images - toRead.text - toRead.images, room };
}

/** Reads what the caches do not hold. Gives the images that it showed as the decoder takes them. */
export async function readPrompt(
  session: Session,
  { turns, images }: Prompt,
  held: Held,
  signal: AbortSignal | undefined,
): Promise<ImageTokens[]> {
  const options = signal ? { signal } : {};
  const shown: ImageTokens[] = [];
  for (const [i, { image, ids }] of turns.slice(held.turns).entries()) {
    const from = i === 0 ? held.ids : 0;
    const picture = image === undefined || from > 0 ? undefined : images[image];
    if (picture) {
      const tokens = 'embeds' in picture ? picture : await session.encodeImage(picture, options);
      await session.showImage(tokens, options);
      shown.push(tokens);
    }
    await session.read(ids.slice(from), signal);
  }
  return shown;
}

function tokensOf({ executor }: Session, image: ImagePatches | ImageTokens | undefined): number | undefined {
  if (image === undefined) return undefined;
  if ('embeds' in image) return image.embeds.shape[0];
  return (image.grid.rows * image.grid.columns) / (executor.signature.dims.patches?.multipleOf ?? 1);
}
