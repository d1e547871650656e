import { add, broadcastTo, entry, gelu, model, type TensorOf, upTo } from 'casement';
import { number, only, readConfig, size } from '../shared/config.ts';
import { dense, multiHead, norm, scoped } from '../shared/layers.ts';

/** `config.json`: the fields of transformers' `Blip2QFormerConfig`, the number of queries and the decoder's width. */
const fields = {
  num_query_tokens: size,
  text_hidden_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  encoder_hidden_size: size,
  cross_attention_frequency: size,
  hidden_act: only('gelu'),
  layer_norm_eps: number,
};

type Queries = TensorOf<'float[batch query hidden]'>;
type Features = TensorOf<'float[batch feature imageHidden]'>;

/** N image features y become Q tokens of the decoder's width: learned queries x read them (BLIP-2, arXiv 2301.12597). */
export default (config: unknown) => {
  const c = readConfig(config, fields, (c) => [
    c.hidden_size % c.num_attention_heads > 0 && 'num_attention_heads: must divide hidden_size',
  ]);
  const eps = c.layer_norm_eps;
  const heads = { heads: 'heads', headDim: 'headDim' } as const;
  const projections = { q: 'attention.query', k: 'attention.key', v: 'attention.value', o: 'output.dense' } as const;

  /** x ← LN(x + O·MHA(x | y)) */
  const attend = (name: string, x: Queries, y: Queries | Features) =>
    scoped(name, x, (x) => norm(add(x, multiHead(x, y, projections, heads)), 'output.LayerNorm', eps));

  /** x ← LN(x + W₂ gelu(W₁ x)) */
  const feedForward = (x: Queries) => {
    const wide = gelu(dense(x, 'intermediate_query.dense', 'ffn'));
    return norm(add(x, dense(wide, 'output_query.dense', 'hidden')), 'output_query.LayerNorm', eps);
  };

  const layer = (x: Queries, y: Features, index: number) =>
    scoped(`qformer.encoder.layer.${index}`, x, (x) => {
      const own = attend('attention', x, x);
      const readsImage = index % c.cross_attention_frequency === 0;
      return feedForward(readsImage ? attend('crossattention', own, y) : own);
    });

  const forward = entry(
    {
      inputs: { image_features: 'float[batch feature imageHidden]' },
      params: { query_tokens: 'float[1 query hidden]' },
    },
    ({ image_features: y }, p) => {
      const queries = norm(p.query_tokens, 'qformer.layernorm', eps);
      let x: Queries = broadcastTo(queries, ['batch', 'query', 'hidden']);
      for (let index = 0; index < c.num_hidden_layers; index++) x = layer(x, y, index);
      return { language_model_inputs: dense(x, 'language_projection', 'textHidden') };
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
