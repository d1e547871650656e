import { z } from 'zod';
import type { VisionConfig } from '../vision/visionConfig.ts';

const size = z.int().positive();

/** `vision_config` of Qwen2.5-VL, with transformers' defaults. */
export const visionSchema = z.object({
  depth: size.default(32),
  hidden_size: size,
  intermediate_size: size.default(3420),
  num_heads: size.default(16),
  in_channels: size.default(3),
  patch_size: size.default(14),
  temporal_patch_size: size.default(2),
  spatial_merge_size: size.default(2),
  window_size: size.default(112),
  out_hidden_size: size.optional(),
  fullatt_block_indexes: z.array(z.int().nonnegative()).default([7, 15, 23, 31]),
  hidden_act: z.literal('silu', { error: 'only "silu" is supported' }).default('silu'),
  rope_parameters: z.object({ rope_theta: z.number().positive().optional() }).nullish(),
});

type VisionFields = z.infer<typeof visionSchema>;

/** What does not fit together, in an encoder for a decoder of width `hidden`. */
export function visionProblems(c: VisionFields, hidden: number): string[] {
  const problems: string[] = [];
  if (c.hidden_size % (4 * c.num_heads) !== 0) {
    problems.push(
      `vision_config.hidden_size: ${c.hidden_size} must be a multiple of 4 × num_heads, ${4 * c.num_heads}, for a ` +
        'rotary embedding of rows and columns',
    );
  }
  if (c.out_hidden_size !== undefined && c.out_hidden_size !== hidden) {
    problems.push(`vision_config.out_hidden_size: ${c.out_hidden_size} must be the decoder's hidden_size, ${hidden}`);
  }
  if (windowSide(c) === 0) {
    problems.push(
      `vision_config.window_size: ${c.window_size} pixels are less than one token, ` +
        `${c.spatial_merge_size * c.patch_size} pixels`,
    );
  }
  return problems;
}

export function toVision(c: VisionFields): VisionConfig {
  return {
    hidden: c.hidden_size,
    ffn: c.intermediate_size,
    layers: c.depth,
    heads: c.num_heads,
    patch: { channels: c.in_channels, frames: c.temporal_patch_size, side: c.patch_size },
    merge: c.spatial_merge_size,
    window: windowSide(c),
    fullAttention: c.fullatt_block_indexes,
    norm: { eps: 1e-6, scaleInF32: false },
    theta: c.rope_parameters?.rope_theta ?? 1e4,
  };
}

/** In patches. Windows are whole tokens wide, so a size between two is rounded down, as transformers does. */
function windowSide(c: VisionFields): number {
  return Math.floor(Math.floor(c.window_size / c.spatial_merge_size) / c.patch_size) * c.spatial_merge_size;
}
