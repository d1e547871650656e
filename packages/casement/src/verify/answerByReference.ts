import { generate, Session } from '@casement/session';
import { turnsOf } from '../conversation.ts';
import type { Conversation, Golden, GoldenImage } from '../golden.ts';
import { type Bench, withExecutor } from './bench.ts';
import { logitsOf } from './runGolden.ts';

/**
 * A golden that the reference computes: image tokens where pixels are at hand and the model has an encoder, logits of
 * every text position, and `count` tokens after it.
 */
export async function answerByReference(bench: Bench, conversation: Conversation, count: number): Promise<Golden> {
  const { program, settings } = bench;
  const abort = settings.signal ? { signal: settings.signal } : {};
  return withExecutor(bench, 'reference', program, async (executor) => {
    const session = new Session(executor);
    const images: GoldenImage[] = [];
    for (const image of conversation.images) {
      const seen = program.entries.has('encodeImage') ? image.patches : undefined;
      images.push(seen ? { ...image, tokens: await session.encodeImage(seen, abort) } : image);
    }
    const turns = turnsOf(
      conversation.ids,
      images.map(({ start, tokens }) => ({ start, image: tokens })),
    );
    const { data } = await logitsOf(session, turns, settings.signal);
    const greedy: number[] = [];
    if (count > 0) for await (const { token } of generate(session, { maxTokens: count }, abort)) greedy.push(token);
    const { ids } = conversation;
    const logits = { dtype: 'f32', shape: [ids.length, data.length / ids.length], data } as const;
    return { ...conversation, images, logits, greedy };
  });
}
