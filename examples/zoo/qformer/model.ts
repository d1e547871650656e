import {
  add,
  attention,
  block,
  broadcastTo,
  entry,
  gelu,
  layerNorm,
  linear,
  mergeHeads,
  model,
  splitHeads,
  upTo,
} from 'casement';

/** `config.json`: the fields of transformers' `Blip2QFormerConfig`, and the decoder's width. */
interface Config {
  readonly num_query_tokens: number;
  readonly text_hidden_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly encoder_hidden_size: number;
  readonly cross_attention_frequency: number;
  readonly layer_norm_eps: number;
}

/** N image features y become Q tokens of the decoder's width: learned queries x read them (BLIP-2, arXiv 2301.12597). */
export default (c: Config) => {
  const eps = c.layer_norm_eps;

  const attentionParams = {
    'attention.query.weight': 'float[hidden hidden]',
    'attention.query.bias': 'float[hidden]',
    'attention.key.bias': 'float[hidden]',
    'attention.value.bias': 'float[hidden]',
    'output.dense.weight': 'float[hidden hidden]',
    'output.dense.bias': 'float[hidden]',
    'output.LayerNorm.weight': 'float[hidden]',
    'output.LayerNorm.bias': 'float[hidden]',
  } as const;

  /** x ← LN(x + O·MHA(x | x)) */
  const selfAttention = block(
    'attention',
    {
      inputs: { x: 'float[batch query hidden]' },
      params: {
        ...attentionParams,
        'attention.key.weight': 'float[hidden hidden]',
        'attention.value.weight': 'float[hidden hidden]',
      },
    },
    ({ x }, p) => {
      const q = splitHeads(linear(x, p['attention.query.weight'], p['attention.query.bias']), 'heads', 'headDim');
      const k = splitHeads(linear(x, p['attention.key.weight'], p['attention.key.bias']), 'heads', 'headDim');
      const v = splitHeads(linear(x, p['attention.value.weight'], p['attention.value.bias']), 'heads', 'headDim');
      const mixed = mergeHeads(attention(q, k, v, { causal: false }), 'hidden');
      const out = linear(mixed, p['output.dense.weight'], p['output.dense.bias']);
      return layerNorm(add(x, out), p['output.LayerNorm.weight'], p['output.LayerNorm.bias'], { eps });
    },
  );

  /** x ← LN(x + O·MHA(x | y)) */
  const crossAttention = block(
    'crossattention',
    {
      inputs: { x: 'float[batch query hidden]', y: 'float[batch feature imageHidden]' },
      params: {
        ...attentionParams,
        'attention.key.weight': 'float[hidden imageHidden]',
        'attention.value.weight': 'float[hidden imageHidden]',
      },
    },
    ({ x, y }, p) => {
      const q = splitHeads(linear(x, p['attention.query.weight'], p['attention.query.bias']), 'heads', 'headDim');
      const k = splitHeads(linear(y, p['attention.key.weight'], p['attention.key.bias']), 'heads', 'headDim');
      const v = splitHeads(linear(y, p['attention.value.weight'], p['attention.value.bias']), 'heads', 'headDim');
      const mixed = mergeHeads(attention(q, k, v, { causal: false }), 'hidden');
      const out = linear(mixed, p['output.dense.weight'], p['output.dense.bias']);
      return layerNorm(add(x, out), p['output.LayerNorm.weight'], p['output.LayerNorm.bias'], { eps });
    },
  );

  /** x ← LN(x + W₂ gelu(W₁ x)) */
  const feedForward = block(
    '',
    {
      inputs: { x: 'float[batch query hidden]' },
      params: {
        'intermediate_query.dense.weight': 'float[ffn hidden]',
        'intermediate_query.dense.bias': 'float[ffn]',
        'output_query.dense.weight': 'float[hidden ffn]',
        'output_query.dense.bias': 'float[hidden]',
        'output_query.LayerNorm.weight': 'float[hidden]',
        'output_query.LayerNorm.bias': 'float[hidden]',
      },
    },
    ({ x }, p) => {
      const wide = gelu(linear(x, p['intermediate_query.dense.weight'], p['intermediate_query.dense.bias']));
      const out = linear(wide, p['output_query.dense.weight'], p['output_query.dense.bias']);
      return layerNorm(add(x, out), p['output_query.LayerNorm.weight'], p['output_query.LayerNorm.bias'], { eps });
    },
  );

  const layer = (index: number) =>
    block(
      `qformer.encoder.layer.${index}`,
      { inputs: { x: 'float[batch query hidden]', y: 'float[batch feature imageHidden]' } },
      ({ x, y }) => {
        const own = selfAttention({ x });
        const seen = index % c.cross_attention_frequency === 0 ? crossAttention({ x: own, y }) : own;
        return feedForward({ x: seen });
      },
    );
  const layers = Array.from({ length: c.num_hidden_layers }, (_, index) => layer(index));

  const forward = entry(
    {
      inputs: { image_features: 'float[batch feature imageHidden]' },
      params: {
        query_tokens: 'float[1 query hidden]',
        'qformer.layernorm.weight': 'float[hidden]',
        'qformer.layernorm.bias': 'float[hidden]',
        'language_projection.weight': 'float[textHidden hidden]',
        'language_projection.bias': 'float[textHidden]',
      },
    },
    ({ image_features: y }, p) => {
      const queries = layerNorm(p.query_tokens, p['qformer.layernorm.weight'], p['qformer.layernorm.bias'], { eps });
      const start = broadcastTo(queries, ['batch', 'query', 'hidden']);
      const x = layers.reduce((x, layer) => layer({ x, y }), start);
      return { language_model_inputs: linear(x, p['language_projection.weight'], p['language_projection.bias']) };
    },
  );

  return model('qformer', {
    dims: {
      batch: upTo(8),
      feature: upTo(1024),
      query: c.num_query_tokens,
      hidden: c.hidden_size,
      heads: c.num_attention_heads,
      headDim: c.hidden_size / c.num_attention_heads,
      ffn: c.intermediate_size,
      imageHidden: c.encoder_hidden_size,
      textHidden: c.text_hidden_size,
    },
    entries: { forward },
  });
};
