import { describe, expect, it } from 'vitest';
import { parseConfig } from './parseConfig.ts';

const LLAMA = {
  model_type: 'llama',
  vocab_size: 256,
  hidden_size: 64,
  intermediate_size: 176,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
};

/** Qwen/Qwen2.5-VL-3B-Instruct, as released. */
const QWEN = {
  architectures: ['Qwen2_5_VLForConditionalGeneration'],
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  vision_start_token_id: 151652,
  vision_end_token_id: 151653,
  vision_token_id: 151654,
  image_token_id: 151655,
  video_token_id: 151656,
  hidden_act: 'silu',
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 11008,
  max_position_embeddings: 128000,
  max_window_layers: 70,
  model_type: 'qwen2_5_vl',
  num_attention_heads: 16,
  num_hidden_layers: 36,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  use_cache: true,
  use_sliding_window: false,
  vision_config: {
    depth: 32,
    hidden_act: 'silu',
    hidden_size: 1280,
    intermediate_size: 3420,
    num_heads: 16,
    in_chans: 3,
    out_hidden_size: 2048,
    patch_size: 14,
    spatial_merge_size: 2,
    spatial_patch_size: 14,
    window_size: 112,
    fullatt_block_indexes: [7, 15, 23, 31],
    tokens_per_second: 2,
    temporal_patch_size: 2,
  },
  rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
  vocab_size: 151936,
};

function problem(config: unknown): string {
  try {
    parseConfig(config);
  } catch (error) {
    return String(error);
  }
  return 'no problem';
}

describe('what a config says', () => {
  it('is read of Qwen2.5-VL', () => {
    expect(parseConfig(QWEN)).toEqual({
      text: {
        name: 'qwen2_5_vl',
        vocab: 151936,
        hidden: 2048,
        ffn: 11008,
        layers: 36,
        heads: 16,
        kvHeads: 2,
        headDim: 128,
        norm: { eps: 1e-6, scaleInF32: false },
        rope: { theta: 1e6, layout: 'half', sections: [16, 24, 24] },
        bias: { qkv: true, o: false, mlp: false },
        tied: true,
        fusion: { attention: 'insertion' },
        capacity: { text: 4096, window: 2048, image: 1024, chunk: 512 },
      },
      vision: {
        hidden: 1280,
        ffn: 3420,
        layers: 32,
        heads: 16,
        patch: { channels: 3, frames: 2, side: 14 },
        merge: 2,
        window: 8,
        fullAttention: [7, 15, 23, 31],
        norm: { eps: 1e-6, scaleInF32: false },
        theta: 10000,
      },
    });
  });

  it('is the same in the nested form of transformers 5', () => {
    const { vision_config, model_type, tie_word_embeddings, rope_scaling, rope_theta, ...text } = QWEN;
    const rope = { rope_type: 'default', rope_theta, mrope_section: rope_scaling.mrope_section };
    const nested = {
      model_type,
      tie_word_embeddings,
      text_config: { ...text, model_type: 'qwen2_5_vl_text', rope_parameters: rope },
      vision_config: { ...vision_config, rope_parameters: { rope_type: 'axial', rope_theta: 10000 } },
    };
    expect(parseConfig(nested)).toEqual(parseConfig(QWEN));
    const inner = { ...nested, tie_word_embeddings: undefined };
    expect(parseConfig({ ...inner, text_config: { ...nested.text_config, tie_word_embeddings: true } })).toEqual(
      parseConfig(QWEN),
    );
  });

  it('follows the family', () => {
    const { norm, rope, bias, kvHeads, fusion } = parseConfig({ ...LLAMA, attention_bias: true }).text;
    expect({ norm, rope, bias, kvHeads, fusion }).toEqual({
      norm: { eps: 1e-6, scaleInF32: false },
      rope: { theta: 10000, layout: 'half' },
      bias: { qkv: true, o: true, mlp: false },
      kvHeads: 2,
      fusion: undefined,
    });
    const helium = { ...LLAMA, model_type: 'helium', attention_bias: true, rope_parameters: { rope_theta: 500 } };
    expect(parseConfig(helium).text).toMatchObject({
      norm: { eps: 1e-8, scaleInF32: true },
      rope: { theta: 500, layout: 'interleaved' },
      bias: { qkv: true, o: false },
    });
  });

  it('adds any fusion, and Qwen2.5-VL’s encoder, to any backbone', () => {
    const vision_config = { hidden_size: 64, num_heads: 4, window_size: 70 };
    const fusion = { attention: 'casa', order: 'before', layers: [1, 3], shared: true };
    const { text, vision } = parseConfig({ ...LLAMA, model_type: 'casa_llama', vision_config, fusion });
    expect(text.fusion).toEqual({
      attention: 'casa',
      order: 'before',
      layers: [1, 3],
      shared: true,
      updateImages: false,
    });
    expect(vision).toMatchObject({ layers: 32, window: 4 });
    const inserted = { ...fusion, attention: 'insertion' };
    expect(parseConfig({ ...LLAMA, model_type: 'casa_llama', fusion: inserted }).text.fusion).toEqual({
      attention: 'insertion',
    });
    expect(parseConfig({ ...QWEN, model_type: 'casa_qwen2_5_vl', fusion: { attention: 'ca' } }).text.fusion).toEqual({
      attention: 'ca',
      order: 'parallel',
      shared: false,
      updateImages: false,
    });
    expect(parseConfig({ ...LLAMA, fusion: { attention: 'casa', layers: [] } }).text.fusion).toBeUndefined();
  });

  it('leaves capacities to the caller', () => {
    expect(parseConfig(LLAMA, { text: 99 }).text.capacity).toEqual({ text: 99, window: 2048, image: 1024, chunk: 512 });
  });
});

describe('what is wrong', () => {
  it('is an unknown model type', () => {
    expect(problem({ ...QWEN, model_type: 'qwen2.5_vl' })).toMatchInlineSnapshot(
      `"ConfigError: config.json: model_type "qwen2.5_vl" is not known (did you mean "qwen2_5_vl"?); there are llama, casa_llama, helium, casa_helium, qwen2_5_vl, casa_qwen2_5_vl"`,
    );
    expect(problem({ ...QWEN, model_type: 'gpt_neox' })).toMatchInlineSnapshot(
      `"ConfigError: config.json: model_type "gpt_neox" is not known; there are llama, casa_llama, helium, casa_helium, qwen2_5_vl, casa_qwen2_5_vl"`,
    );
    expect(problem({ ...QWEN, model_type: 'casa_casa_llama' })).toContain('is not known');
    expect(problem({ ...QWEN, model_type: undefined })).toMatchInlineSnapshot(
      `"ConfigError: config.json: model_type: is missing"`,
    );
    expect(problem([])).toMatchInlineSnapshot(
      `"ConfigError: config.json: Invalid input: expected object, received array"`,
    );
  });

  it('is every field that is missing or not understood', () => {
    const { hidden_size: _, ...rest } = LLAMA;
    expect(
      problem({
        ...rest,
        model_type: 'casa_llama',
        vocab_size: '256',
        hidden_act: 'gelu',
        rope_scaling: { rope_type: 'llama3', factor: 8 },
        use_sliding_window: true,
        vision_config: { hidden_size: 64, depth: 0 },
        fusion: { attention: 'cassa', layer: [] },
      }),
    ).toMatchInlineSnapshot(`
      "ConfigError: config.json:
        vocab_size: Invalid input: expected number, received string
        hidden_size: is missing
        hidden_act: only "silu" is supported
        rope_scaling.rope_type: scaled rotary embeddings ("llama3") are not supported
        use_sliding_window: sliding windows are not supported
        vision_config.depth: Too small: expected number to be >0
        fusion.attention: Invalid option: expected one of "casa"|"ca"|"insertion"
        fusion: Unrecognized key: "layer""
    `);
    const nested = { model_type: 'qwen2_5_vl', text_config: { ...LLAMA, vocab_size: undefined } };
    expect(problem(nested)).toMatchInlineSnapshot(`
      "ConfigError: config.json:
        text_config.vocab_size: is missing
        vision_config: is missing"
    `);
    expect(problem({ ...LLAMA, model_type: 'casa_llama' })).toMatchInlineSnapshot(
      `"ConfigError: config.json: fusion: is missing"`,
    );
  });

  it('is what does not fit together', () => {
    expect(
      problem({
        ...QWEN,
        num_attention_heads: 15,
        rope_scaling: null,
        vision_config: { ...QWEN.vision_config, num_heads: 24, out_hidden_size: 3584, window_size: 20 },
        fusion: { attention: 'casa', layers: [3, 36] },
      }),
    ).toMatchInlineSnapshot(`
      "ConfigError: config.json:
        num_attention_heads: 15 is no multiple of num_key_value_heads, 2
        head_dim: is missing, and hidden_size 2048 is no multiple of num_attention_heads, 15
        rope_scaling.mrope_section: is missing
        vision_config.hidden_size: 1280 must be a multiple of 4 × num_heads, 96, for a rotary embedding of rows and columns
        vision_config.out_hidden_size: 3584 must be the decoder's hidden_size, 2048
        vision_config.window_size: 20 pixels are less than one token, 28 pixels
        fusion.layers: there is no block 36, only 0 … 35"
    `);
    expect(problem({ ...QWEN, rope_scaling: { type: 'mrope', mrope_section: [16, 24, 23] } })).toMatchInlineSnapshot(
      `"ConfigError: config.json: rope_scaling.mrope_section: [16,24,23] must be three sizes (time, row, column) that sum up to the 64 pairs of a head"`,
    );
    expect(problem({ ...LLAMA, head_dim: 15 })).toMatchInlineSnapshot(
      `"ConfigError: config.json: head_dim: 15 is odd, but rotary embeddings turn pairs"`,
    );
  });
});
