import { z } from 'zod';
import type { DecoderConfig, RopeConfig } from '../decoderConfig.ts';
import type { Family } from './families.ts';

const size = z.int().positive();

const ropeType = z.enum(['default', 'mrope'], {
  error: ({ input }) => `scaled rotary embeddings ("${String(input)}") are not supported`,
});

/** `rope_scaling`, or `rope_parameters` since transformers 5. */
const ropeSchema = z.object({
  rope_type: ropeType.optional(),
  type: ropeType.optional(),
  rope_theta: z.number().positive().optional(),
  mrope_section: z.array(size).optional(),
});

export const textSchema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.literal('silu', { error: 'only "silu" is supported' }).default('silu'),
  rms_norm_eps: z.number().positive().optional(),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  use_sliding_window: z.literal(false, { error: 'sliding windows are not supported' }).nullish(),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

type TextFields = z.infer<typeof textSchema>;

/** What does not fit together. */
export function textProblems(c: TextFields, { mrope }: Family): string[] {
  const { num_attention_heads: heads, hidden_size: hidden } = c;
  const kvHeads = c.num_key_value_heads ?? heads;
  const problems: string[] = [];
  if (heads % kvHeads !== 0) {
    problems.push(`num_attention_heads: ${heads} is no multiple of num_key_value_heads, ${kvHeads}`);
  }
  const dim = headDim(c);
  if (!Number.isInteger(dim)) {
    problems.push(`head_dim: is missing, and hidden_size ${hidden} is no multiple of num_attention_heads, ${heads}`);
  } else if (dim % 2 !== 0) problems.push(`head_dim: ${dim} is odd, but rotary embeddings turn pairs`);
  const sections = rotary(c).mrope_section;
  const pairs = sections?.reduce((sum, count) => sum + count, 0);
  if (mrope && sections === undefined) problems.push('rope_scaling.mrope_section: is missing');
  if (sections && (sections.length !== 3 || pairs !== dim / 2)) {
    problems.push(
      `rope_scaling.mrope_section: [${sections}] must be three sizes (time, row, column) that sum up to the ` +
        `${dim / 2} pairs of a head`,
    );
  }
  return problems;
}

/** What the text fields say of a decoder. */
export function toDecoder(c: TextFields, family: Family): Omit<DecoderConfig, 'name' | 'tied' | 'fusion' | 'capacity'> {
  return {
    vocab: c.vocab_size,
    hidden: c.hidden_size,
    ffn: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    kvHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headDim: headDim(c),
    norm: { eps: c.rms_norm_eps ?? family.eps, scaleInF32: family.scaleInF32 },
    rope: toRope(c, family),
    bias: family.bias(c.attention_bias, c.mlp_bias),
  };
}

function toRope(c: TextFields, { layout, theta }: Family): RopeConfig {
  const { rope_theta, mrope_section: sections } = rotary(c);
  return { theta: rope_theta ?? c.rope_theta ?? theta, layout, ...(sections ? { sections } : {}) };
}

function rotary(c: TextFields): z.infer<typeof ropeSchema> {
  return c.rope_parameters ?? c.rope_scaling ?? {};
}

function headDim(c: TextFields): number {
  return c.head_dim ?? c.hidden_size / c.num_attention_heads;
}
