import type { ImageSpec, ProcessorSpec } from '@casement/runtime';
import { z } from 'zod';
import { UserError } from '../error.ts';

const id = z.int().nonnegative();
const ids = z.union([id.transform((one) => [one]), z.array(id)], { error: 'must be a token id or a list of them' });

/** What a Hugging Face `config.json` says about prompts and answers; the rest is the model's. */
const schema = z.object({
  eos_token_id: ids.nullish(),
  text_config: z.object({ eos_token_id: ids.nullish() }).nullish(),
  image_token_id: id.nullish(),
  vision_start_token_id: id.nullish(),
  vision_end_token_id: id.nullish(),
  pre_image_tokens: ids.nullish(),
  post_image_tokens: ids.nullish(),
  vision_config: z
    .object({
      patch_size: z.int().positive().default(14),
      temporal_patch_size: z.int().positive().default(2),
      spatial_merge_size: z.int().positive().default(2),
    })
    .nullish(),
});

/**
 * Stop tokens, and how images stand in prompts. Where a config names no delimiters of images, Qwen's start and end of
 * vision are taken: its template writes them. Throws UserError naming the field that is wrong.
 */
export function readProcessorFields(config: unknown, place: string): Pick<ProcessorSpec, 'stopTokens' | 'images'> {
  const { data, error } = schema.safeParse(config);
  if (data === undefined) {
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new UserError(`${place} cannot be used: ${problems.join('; ')}`);
  }
  const stopTokens = data.eos_token_id ?? data.text_config?.eos_token_id;
  const images = imagesOf(data);
  return { ...(stopTokens ? { stopTokens } : {}), ...(images ? { images } : {}) };
}

function imagesOf(config: z.infer<typeof schema>): ImageSpec | undefined {
  const { image_token_id: token, vision_config: vision } = config;
  const before = config.pre_image_tokens ?? listOf(config.vision_start_token_id);
  const after = config.post_image_tokens ?? listOf(config.vision_end_token_id);
  if (token == null && !vision && before.length + after.length === 0) return undefined;
  return {
    ...(token == null ? {} : { token }),
    before,
    after,
    ...(vision
      ? {
          patches: {
            side: vision.patch_size,
            frames: vision.temporal_patch_size,
            merge: vision.spatial_merge_size,
          },
        }
      : {}),
  };
}

function listOf(token: number | null | undefined): number[] {
  return token == null ? [] : [token];
}
