import {
  add,
  and,
  block,
  broadcastTo,
  cast,
  concat,
  conv2d,
  div,
  entry,
  exp,
  gather,
  iota,
  l2Normalize,
  lessOrEqual,
  maxSimilarity,
  model,
  mul,
  quickGelu,
  reduceMean,
  reduceSum,
  reshape,
  slice,
  transpose,
  upTo,
} from 'casement';
import { wordsOf } from '../shared/bert.ts';
import { fields, index, number, only, readConfig, size } from '../shared/config.ts';
import { dense, norm } from '../shared/layers.ts';
import { projectionsOf, type VitConfig, vitLayer } from '../shared/vit.ts';

/** What a text without any token means is undefined. */
export { requireWords as golden } from '../shared/requireWords.ts';

const tower = {
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: index,
  num_attention_heads: size,
  hidden_act: only('quick_gelu'),
  layer_norm_eps: number,
};
const schema = {
  projection_dim: size,
  text_config: fields({ ...tower, vocab_size: size, max_position_embeddings: size }),
  vision_config: fields({ ...tower, num_channels: size, image_size: size, patch_size: size }),
};

/**
 * Images and texts are as similar as each patch is to the word it is most like, and each word to its patch (FILIP, arXiv
 * 2111.07783). A text needs a word.
 */
export default (config: unknown) => {
  const c = readConfig(config, schema, ({ text_config: text, vision_config: vision }) => [
    text.hidden_size % text.num_attention_heads > 0 && 'text_config.num_attention_heads: must divide hidden_size',
    vision.hidden_size % vision.num_attention_heads > 0 && 'vision_config.num_attention_heads: must divide hidden_size',
    vision.image_size % vision.patch_size > 0 && 'vision_config.patch_size: must divide image_size',
  ]);
  const { text_config: text, vision_config: vision } = c;
  const layer = (eps: number): Omit<VitConfig, 'heads' | 'headDim' | 'ffn'> => ({
    eps,
    activation: quickGelu,
    norms: ['layer_norm1', 'layer_norm2'],
    attention: projectionsOf('self_attn', 'out_proj'),
  });
  const textLayer = { ...layer(text.layer_norm_eps), heads: 'textHeads', headDim: 'textHeadDim', ffn: 'textFfn' };
  const imageLayer = { ...layer(vision.layer_norm_eps), heads: 'imageHeads', headDim: 'imageHeadDim', ffn: 'imageFfn' };

  /** v: unit vectors of the patches, row by row; the class token in front of them only takes part in the layers. */
  const encodeImages = block(
    'vision_model',
    {
      inputs: { pixels: 'float[images channels height width]' },
      params: {
        'embeddings.class_embedding': 'float[imageHidden]',
        'embeddings.patch_embedding.weight': 'float[imageHidden channels patchSize patchSize]',
        'embeddings.position_embedding.weight': 'float[1+patches imageHidden]',
      },
    },
    ({ pixels }, p) => {
      const grid = conv2d(pixels, p['embeddings.patch_embedding.weight'], undefined, {
        stride: vision.patch_size,
        to: ['rows', 'columns'],
      });
      const patches = transpose(reshape(grid, ['images', 'imageHidden', 'patches']), [
        'images',
        'patches',
        'imageHidden',
      ]);
      const classRow = broadcastTo(p['embeddings.class_embedding'], ['images', 1, 'imageHidden']);
      const placed = add(concat([classRow, patches], 1, '1+patches'), p['embeddings.position_embedding.weight']);
      let x = norm(placed, 'pre_layrnorm', vision.layer_norm_eps);
      for (let i = 0; i < vision.num_hidden_layers; i++) x = vitLayer(x, `encoder.layers.${i}`, imageLayer);
      return slice(x, '1+patches', { start: 1, size: 'patches' });
    },
  );

  /** t: unit vectors of the words; each sees those before it. */
  const encodeTexts = block(
    'text_model',
    {
      inputs: { ids: 'i32[texts seq]', words: 'bool[texts 1 1 seq]' },
      params: {
        'embeddings.token_embedding.weight': 'float[vocab textHidden]',
        'embeddings.position_embedding.weight': 'float[positions textHidden]',
      },
    },
    ({ ids, words }, p) => {
      const at = iota(ids, 'seq');
      const positions = gather(p['embeddings.position_embedding.weight'], 'positions', at);
      const isBefore = lessOrEqual(reshape(at, [1, 1, 1, 'seq']), reshape(at, [1, 1, 'seq', 1]));
      const visible = and(words, isBefore);
      let x = add(gather(p['embeddings.token_embedding.weight'], 'vocab', ids), positions);
      for (let i = 0; i < text.num_hidden_layers; i++) x = vitLayer(x, `encoder.layers.${i}`, textLayer, visible);
      return norm(x, 'final_layer_norm', text.layer_norm_eps);
    },
  );

  const forward = entry(
    {
      inputs: {
        pixel_values: 'float[images channels height width]',
        input_ids: 'i32[texts seq]',
        attention_mask: 'i32[texts seq]',
      },
      params: { logit_scale: 'float[]' },
    },
    ({ pixel_values, input_ids, attention_mask }, p) => {
      const words = wordsOf(attention_mask);
      const patches = encodeImages({ pixels: pixel_values });
      const v = l2Normalize(dense(patches, 'visual_projection', 'shared', { bias: false }), 'shared');
      const states = encodeTexts({ ids: input_ids, words });
      const t = l2Normalize(dense(states, 'text_projection', 'shared', { bias: false }), 'shared');
      const isWord = reshape(words, ['texts', 'seq']);
      const imageToText = reduceMean(maxSimilarity(v, t, { keep: isWord }), 'patches');
      const count = cast(isWord, 'float');
      const best = mul(maxSimilarity(t, v), reshape(count, ['texts', 1, 'seq']));
      const textToImage = div(reduceSum(best, 'seq'), reduceSum(count, 'seq', { keepDims: true }));
      const scale = exp(p.logit_scale);
      return {
        image_to_text: imageToText,
        text_to_image: textToImage,
        logits_per_image: mul(imageToText, scale),
        logits_per_text: mul(textToImage, scale),
        image_tokens: v,
        text_tokens: t,
      };
    },
  );

  const side = vision.image_size / vision.patch_size;
  return model('filip', {
    dims: {
      images: upTo(16),
      texts: upTo(16),
      seq: upTo(text.max_position_embeddings),
      channels: vision.num_channels,
      height: vision.image_size,
      width: vision.image_size,
      patchSize: vision.patch_size,
      rows: side,
      columns: side,
      patches: side * side,
      imageHidden: vision.hidden_size,
      imageHeads: vision.num_attention_heads,
      imageHeadDim: vision.hidden_size / vision.num_attention_heads,
      imageFfn: vision.intermediate_size,
      textHidden: text.hidden_size,
      textHeads: text.num_attention_heads,
      textHeadDim: text.hidden_size / text.num_attention_heads,
      textFfn: text.intermediate_size,
      vocab: text.vocab_size,
      positions: text.max_position_embeddings,
      shared: c.projection_dim,
    },
    entries: { forward },
  });
};
