import { type Executor, type HostTensor, Session } from '@casement/session';
import { type Turn, tokenByToken, turnsOf } from '../conversation.ts';
import type { Golden } from '../golden.ts';
import { compareTensors, type Difference } from './compare.ts';

/** How one executor did on a golden. */
export interface GoldenRun {
  /** Logits of every position, one chunk per window, as a user would feed it. */
  readonly chunked: Difference;
  /** Logits of every position, token by token. */
  readonly tokenByToken: Difference;
  /** Chunked against token by token. */
  readonly betweenBoth: Difference;
  readonly greedy: readonly number[];
}

/** Runs the whole sequence in chunks and token by token, then continues it greedily. Leaves the executor reset. */
export async function runGolden(executor: Executor, golden: Golden, signal?: AbortSignal): Promise<GoldenRun> {
  const session = new Session(executor);
  const turns = turnsOf(golden);
  const single = await logitsOf(session, tokenByToken(turns), signal);
  await session.reset();
  const chunked = await logitsOf(session, turns, signal);
  const greedy: number[] = [];
  const options = { maxTokens: golden.greedy.length, ...(signal ? { signal } : {}) };
  for await (const token of session.generate(options)) greedy.push(token);
  await session.reset();
  return {
    chunked: compareTensors(chunked, golden.logits),
    tokenByToken: compareTensors(single, golden.logits),
    betweenBoth: compareTensors(chunked, single),
    greedy,
  };
}

async function logitsOf(
  session: Session,
  turns: readonly Turn[],
  signal: AbortSignal | undefined,
): Promise<HostTensor> {
  const rows: number[] = [];
  for (const { image, ids } of turns) {
    if (image) await session.showImage({ embeds: image }, signal ? { signal } : {});
    if (ids.length === 0) continue;
    for (const value of (await session.prefill(ids, signal)).data) rows.push(value);
  }
  return { dtype: 'f32', shape: [rows.length], data: Float32Array.from(rows) };
}
