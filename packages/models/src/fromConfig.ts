import { z } from 'zod';
import { type Capacity, DEFAULT_CAPACITY, type DecoderConfig } from './decoderConfig.ts';
import type { Fusion } from './fusion.ts';

/** A config.json that is not understood; the message names the fields. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const size = z.int().positive();

const fusionSchema = z.strictObject({
  attention: z.enum(['casa', 'ca']),
  order: z.enum(['parallel', 'before', 'replace']),
  layers: z.array(z.int().nonnegative()).nullable().default(null),
  shared: z.boolean().default(false),
  update_images: z.boolean().default(false),
});

const decoderSchema = z.object({
  model_type: z.enum(['llama', 'helium', 'casa_llama', 'casa_helium']),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.optional(),
  head_dim: size.optional(),
  hidden_act: z.literal('silu').default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().default(10000),
  rope_scaling: z.null({ error: 'scaled rotary embeddings are not supported yet' }).optional(),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  fusion: fusionSchema.optional(),
});

/**
 * The decoder that a Hugging Face `config.json` describes: `llama` or `helium` (text only), `casa_llama` or
 * `casa_helium` (with `fusion`). Throws ConfigError naming every field that is missing or not understood.
 */
export function decoderFromConfig(config: unknown, capacity: Partial<Capacity> = {}): DecoderConfig {
  const parsed = decoderSchema.safeParse(config);
  if (!parsed.success) throw new ConfigError(`config.json is not understood:\n${z.prettifyError(parsed.error)}`);
  const c = parsed.data;
  const helium = c.model_type.endsWith('helium');
  const kvHeads = c.num_key_value_heads ?? c.num_attention_heads;
  if (c.num_attention_heads % kvHeads !== 0) {
    throw new ConfigError(
      `config.json: num_attention_heads ${c.num_attention_heads} is no multiple of num_key_value_heads ${kvHeads}`,
    );
  }
  if (c.head_dim === undefined && c.hidden_size % c.num_attention_heads !== 0) {
    throw new ConfigError(
      `config.json has no head_dim, and hidden_size ${c.hidden_size} is no multiple of num_attention_heads ` +
        `${c.num_attention_heads}`,
    );
  }
  const fusion = c.fusion && toFusion(c.fusion, c.num_hidden_layers);
  return {
    name: c.model_type,
    vocab: c.vocab_size,
    hidden: c.hidden_size,
    ffn: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    kvHeads,
    headDim: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    norm: { eps: c.rms_norm_eps, scaleInF32: helium },
    rope: { theta: c.rope_theta, layout: helium ? 'interleaved' : 'half' },
    // Llama biases the output projection with the others, Helium never does (CASA.md, Backbones).
    bias: { qkv: c.attention_bias, o: c.attention_bias && !helium, mlp: c.mlp_bias },
    tied: c.tie_word_embeddings,
    ...(fusion ? { fusion } : {}),
    capacity: { ...DEFAULT_CAPACITY, ...capacity },
  };
}

function toFusion(json: z.infer<typeof fusionSchema>, depth: number): Fusion | undefined {
  const { attention, order, layers, shared } = json;
  const outside = layers?.find((index) => index >= depth);
  if (outside !== undefined) {
    throw new ConfigError(
      `config.json: fusion.layers names block ${outside}, but there are blocks 0 … ${depth - 1} only`,
    );
  }
  if (layers?.length === 0) return undefined;
  return { attention, order, shared, updateImages: json.update_images, ...(layers ? { layers } : {}) };
}
