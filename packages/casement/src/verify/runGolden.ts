import { type Executor, generate, type HostTensor, Session } from '@casement/session';
import { type ShownImage, shownImages, type Turn, tokenByToken, turnsOf } from '../conversation.ts';
import type { Golden, GoldenImage } from '../golden.ts';
import { compareTensors, type Difference } from './compare.ts';

/** How one executor did on a golden. */
export interface GoldenRun {
  /** Tokens that the encoder made of the images; absent when the model or the golden has no pixels. */
  readonly imageTokens?: Difference;
  /** Logits of every text position, one chunk per window, as a user would feed it. */
  readonly chunked: Difference;
  /** Logits of every text position, token by token. */
  readonly tokenByToken: Difference;
  /** Chunked against token by token. */
  readonly betweenBoth: Difference;
  readonly greedy: readonly number[];
}

/**
 * Encodes the images, runs the whole sequence in chunks and token by token, then continues it greedily. Leaves the
 * executor reset.
 */
export async function runGolden(executor: Executor, golden: Golden, signal?: AbortSignal): Promise<GoldenRun> {
  const session = new Session(executor);
  const { images, imageTokens } = await encodeImages(session, golden.images, signal);
  const turns = turnsOf(golden.ids, images);
  const single = await logitsOf(session, tokenByToken(turns), signal);
  await session.reset();
  const chunked = await logitsOf(session, turns, signal);
  const greedy: number[] = [];
  if (golden.greedy.length > 0) {
    const settings = { maxTokens: golden.greedy.length };
    for await (const { token } of generate(session, settings, signal ? { signal } : {})) greedy.push(token);
  }
  await session.reset();
  return {
    ...(imageTokens ? { imageTokens } : {}),
    chunked: compareTensors(chunked, golden.logits),
    tokenByToken: compareTensors(single, golden.logits),
    betweenBoth: compareTensors(chunked, single),
    greedy,
  };
}

/** Each image once, and how far the worst of them is from the golden's. */
async function encodeImages(
  session: Session,
  images: readonly GoldenImage[],
  signal: AbortSignal | undefined,
): Promise<{ readonly images: readonly ShownImage[]; readonly imageTokens?: Difference }> {
  const seesPixels = session.executor.signature.entries.encodeImage !== undefined;
  const differences: Difference[] = [];
  const encoded: ShownImage[] = [];
  for (const [i, { start, image }] of shownImages(images, seesPixels).entries()) {
    if ('embeds' in image) {
      encoded.push({ start, image });
      continue;
    }
    const tokens = await session.encodeImage(image, signal ? { signal } : {});
    encoded.push({ start, image: tokens });
    differences.push(compareTensors(tokens.embeds, images[i]?.tokens.embeds ?? tokens.embeds));
  }
  const [worst] = differences.sort((a, b) => b.maxAbsolute - a.maxAbsolute);
  return { images: encoded, ...(worst ? { imageTokens: worst } : {}) };
}

/** Logits of every text position, [text · vocab]. */
export async function logitsOf(
  session: Session,
  turns: readonly Turn[],
  signal: AbortSignal | undefined,
): Promise<HostTensor> {
  const rows: number[] = [];
  for (const { image, ids } of turns) {
    if (image) await session.showImage(image, signal ? { signal } : {});
    if (ids.length === 0) continue;
    for (const value of (await session.prefill(ids, signal)).data) rows.push(value);
  }
  return { dtype: 'f32', shape: [rows.length], data: Float32Array.from(rows) };
}

/** The same turns without comparing, a step for each: what `findDeparture` drives executors with. */
export async function* converse(executor: Executor, turns: readonly Turn[]): AsyncGenerator<void> {
  const session = new Session(executor);
  for (const { image, ids } of turns) {
    if (image) await session.showImage(image);
    if (ids.length > 0) await session.prefill(ids);
    yield;
  }
}
