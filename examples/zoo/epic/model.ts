import {
  add,
  argMax,
  block,
  broadcastTo,
  concat,
  conv2d,
  entry,
  gelu,
  model,
  mul,
  reshape,
  slice,
  type TensorOf,
  transpose,
  upTo,
} from 'casement';
import { bertEmbeddings, bertLayer, wordsOf } from '../shared/bert.ts';
import { bindable } from '../shared/bindable.ts';
import { dense, norm } from '../shared/layers.ts';
import { projectionsOf, type VitConfig, vitLayer } from '../shared/vit.ts';
import { readEpicConfig } from './config.ts';
import { gridNames, imageEmbeddings } from './vilt.ts';

export { requireWords as golden } from '../shared/requireWords.ts';

/** The longer side of the largest canvas, in pixels: ViLT's. */
const MAX_SIDE = 640;

type Ids = TensorOf<'i32[batch text]'>;

/**
 * Is every word of a text consistent with an image (EPIC, arXiv 2211.15398)? A head on the text's last states says so, over
 * a ViLT (`vilt`) or over an encoder of the shape of ALBEF (`albef`). A text needs a token.
 */
export default (config: unknown) => {
  const c = readEpicConfig(config);
  const eps = c.layer_norm_eps;
  const layers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const { image } = gridNames(c.patch_size);
  const sequence = `text+${image}` as 'text+image';

  /** 1 = consistent; padding is 0. */
  const decide = (logits: TensorOf<'float[batch text labels]'>, mask: Ids) => ({
    logits,
    consistent: mul(argMax(logits, 'labels'), mask),
  });

  const viltLayer: VitConfig = {
    heads: 'heads',
    headDim: 'headDim',
    ffn: 'ffn',
    eps,
    activation: gelu,
    norms: ['layernorm_before', 'layernorm_after'],
    attention: {
      q: 'attention.attention.query',
      k: 'attention.attention.key',
      v: 'attention.attention.value',
      o: 'attention.output.dense',
    },
    feedForward: ['intermediate.dense', 'output.dense'],
  };
  const imageOf = imageEmbeddings({ patchSize: c.patch_size, side: c.image_size / c.patch_size });
  const embed = block(
    'vilt',
    {
      inputs: {
        ids: 'i32[batch text]',
        pixels: 'float[batch channels height width]',
        pixelMask: 'i32[batch height width]',
      },
      params: { 'embeddings.token_type_embeddings.weight': 'float[modalities hidden]' },
    },
    ({ ids, pixels, pixelMask }, p) => {
      const kind = (start: number) =>
        slice(p['embeddings.token_type_embeddings.weight'], 'modalities', { start, size: 1 });
      const { embeds, mask } = imageOf({ pixels, pixelMask });
      const words = bertEmbeddings(ids, 'embeddings.text_embeddings', 'hidden', eps);
      const x = concat([add(words, kind(0)), add(embeds, kind(1))], 'text', sequence);
      return { x, embeds, mask };
    },
  );

  /** [text; image] through layers in which both see each other, and no padding. */
  const vilt = entry(
    {
      inputs: {
        input_ids: 'i32[batch text]',
        attention_mask: 'i32[batch text]',
        pixel_values: 'float[batch channels height width]',
        pixel_mask: 'i32[batch height width]',
      },
    },
    ({ input_ids, attention_mask, pixel_values, pixel_mask }) => {
      const { x, embeds, mask } = embed({ ids: input_ids, pixels: pixel_values, pixelMask: pixel_mask });
      const visible = wordsOf(concat([attention_mask, mask], 'text', sequence));
      const last = layers(c.num_hidden_layers).reduce(
        (x, i) => vitLayer(x, `vilt.encoder.layer.${i}`, viltLayer, visible),
        x,
      );
      const text = slice(norm(last, 'vilt.layernorm', eps), sequence, { start: 0, size: 'text' });
      return {
        image_embeds: embeds,
        image_mask: mask,
        text_states: text,
        ...decide(dense(text, 'consistency_head', 'labels'), attention_mask),
      };
    },
  );

  const albefLayer = { heads: 'albefHeads', headDim: 'albefHeadDim', ffn: 'albefFfn', eps };
  const albefVit: VitConfig = {
    ...albefLayer,
    activation: gelu,
    norms: ['layernorm_before', 'layernorm_after'],
    attention: projectionsOf('attention', 'o_proj'),
  };
  /** [class; patches row by row] + positions */
  const albefImage = block(
    'albef.visual.embeddings',
    {
      inputs: { pixels: 'float[batch channels side*patch side*patch]' },
      params: {
        cls_token: 'float[1 1 albefHidden]',
        position_embeddings: 'float[1 1+side*side albefHidden]',
        'patch_embeddings.projection.weight': 'float[albefHidden channels patch patch]',
        'patch_embeddings.projection.bias': 'float[albefHidden]',
      },
    },
    ({ pixels }, p) => {
      const [weight, bias] = [p['patch_embeddings.projection.weight'], p['patch_embeddings.projection.bias']];
      const map = conv2d(pixels, weight, bias, { stride: c.patch_size, to: ['side', 'side'] });
      const flat = reshape(map, ['batch', 'albefHidden', 'side*side']);
      const patches = transpose(flat, ['batch', 'side*side', 'albefHidden']);
      const classRow = broadcastTo(p.cls_token, ['batch', 1, 'albefHidden']);
      return add(concat([classRow, patches], 1, '1+side*side'), p.position_embeddings);
    },
  );

  /** A ViT and a BERT, whose words then read the image in the fusion layers. */
  const albef = entry(
    {
      inputs: {
        input_ids: 'i32[batch text]',
        attention_mask: 'i32[batch text]',
        pixel_values: 'float[batch channels side*patch side*patch]',
      },
    },
    ({ input_ids, attention_mask, pixel_values }) => {
      const words = wordsOf(attention_mask);
      const seen = layers(c.albef.vision_layers).reduce(
        (x, i) => vitLayer(x, `albef.visual.layers.${i}`, albefVit),
        albefImage({ pixels: pixel_values }),
      );
      const y = norm(seen, 'albef.visual.layernorm', eps);
      const text = layers(c.albef.text_layers).reduce(
        (x, i) => bertLayer(x, `albef.text.encoder.layer.${i}`, albefLayer, { mask: words }),
        bertEmbeddings(input_ids, 'albef.text.embeddings', 'albefHidden', eps),
      );
      const fused = layers(c.albef.fusion_layers).reduce(
        (x, i) => bertLayer(x, `albef.fusion.${i}`, albefLayer, { mask: words, y }),
        text,
      );
      return {
        image_states: y,
        text_states: text,
        fused_states: fused,
        ...decide(dense(fused, 'albef.consistency_head', 'labels'), attention_mask),
      };
    },
  );

  return model('epic', {
    dims: {
      batch: upTo(bindable((MAX_SIDE / c.patch_size) ** 2 * c.intermediate_size, 8)),
      text: upTo(c.max_position_embeddings),
      height: upTo(MAX_SIDE, { min: c.patch_size }),
      width: upTo(MAX_SIDE, { min: c.patch_size }),
      channels: c.num_channels,
      patch: c.patch_size,
      side: c.image_size / c.patch_size,
      vocab: c.vocab_size,
      textPositions: c.max_position_embeddings,
      types: c.type_vocab_size,
      modalities: c.modality_type_vocab_size,
      labels: c.num_labels,
      hidden: c.hidden_size,
      heads: c.num_attention_heads,
      headDim: c.hidden_size / c.num_attention_heads,
      ffn: c.intermediate_size,
      albefHidden: c.albef.hidden_size,
      albefHeads: c.albef.num_attention_heads,
      albefHeadDim: c.albef.hidden_size / c.albef.num_attention_heads,
      albefFfn: c.albef.intermediate_size,
    },
    entries: { vilt, albef },
  });
};
