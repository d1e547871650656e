import { generate, Session } from '@casement/session';
import type { Target } from './artifact/compile.ts';
import { readManifest } from './artifact/manifest.ts';
import { type OpenExecutorOptions, openExecutor } from './artifact/openExecutor.ts';
import { shownImages, turnsOf } from './conversation.ts';
import { readConversation } from './golden.ts';

export interface RunOptions extends OpenExecutorOptions {
  /** An artifact folder. */
  readonly artifact: string;
  /**
   * A .safetensors file with `input_ids` and, for images, `image_embeds` with `image_lengths` or `image_grid_thw`, and
   * `insertion_points`, or placeholders in `input_ids`.
   */
  readonly input: string;
  readonly target: Target;
  readonly maxTokens: number;
  readonly stop?: readonly number[];
  readonly signal?: AbortSignal;
}

/** Feeds a conversation to an artifact and yields the likeliest continuation, token by token. */
export async function* run(options: RunOptions): AsyncGenerator<number> {
  const { artifact, input, target, variant, maxTokens, stop, signal } = options;
  const { processor } = await readManifest(artifact);
  const conversation = await readConversation(input, { imageToken: processor?.images?.token });
  const executor = await openExecutor(artifact, target, { variant });
  try {
    const session = new Session(executor);
    const abort = signal ? { signal } : {};
    const images = shownImages(conversation.images, 'encodeImage' in executor.signature.entries);
    for (const { image, ids } of turnsOf(conversation.ids, images)) {
      if (image) await session.showImage(image, abort);
      await session.read(ids, signal);
    }
    for await (const { token } of generate(session, { maxTokens, stopTokens: stop ?? [] }, abort)) yield token;
  } finally {
    await executor.dispose();
  }
}
