import {
  add,
  argSort,
  block,
  broadcastTo,
  cast,
  concat,
  conv2d,
  entry,
  gatherAlong,
  gelu,
  lessOrEqual,
  model,
  reshape,
  slice,
  type TensorOf,
  transpose,
  upTo,
} from 'casement';
import { bertEmbeddings, bertLayer, wordsOf } from '../shared/bert.ts';
import { dense, type Floats, norm } from '../shared/layers.ts';
import { projectionsOf, type VitConfig, vitLayer } from '../shared/vit.ts';
import { readVlmaeConfig } from './config.ts';

/** Masked image modelling with language fusion (VLMAE, arXiv 2208.09374): a few patches and a text, and the rest is painted. */
export default (config: unknown) => {
  const c = readVlmaeConfig(config);
  const eps = c.layer_norm_eps;
  const bert = { heads: 'heads', headDim: 'headDim', ffn: 'ffn', eps };
  const encoder: VitConfig = {
    ...bert,
    activation: gelu,
    norms: ['layernorm_before', 'layernorm_after'],
    attention: projectionsOf('attention', 'o_proj'),
  };
  const decoder: VitConfig = { ...encoder, heads: 'decoderHeads', headDim: 'decoderHeadDim', ffn: 'decoderFfn' };
  const layers = (count: number) => Array.from({ length: count }, (_, index) => index);

  /** Patches row by row, with their positions 1 … N, and the class row with position 0. */
  const embedImage = block(
    'vit.embeddings',
    {
      inputs: { pixels: 'float[batch channels height width]' },
      params: {
        cls_token: 'float[1 1 hidden]',
        position_embeddings: 'float[1 1+patches hidden]',
        'patch_embeddings.projection.weight': 'float[hidden channels patchSize patchSize]',
        'patch_embeddings.projection.bias': 'float[hidden]',
      },
    },
    ({ pixels }, p) => {
      const [weight, bias] = [p['patch_embeddings.projection.weight'], p['patch_embeddings.projection.bias']];
      const grid = conv2d(pixels, weight, bias, { stride: c.patch_size, to: ['rows', 'columns'] });
      const patches = transpose(reshape(grid, ['batch', 'hidden', 'patches']), ['batch', 'patches', 'hidden']);
      const positions = slice(p.position_embeddings, '1+patches', { start: 1, size: 'patches' });
      const first = slice(p.position_embeddings, '1+patches', { start: 0, size: 1 });
      const classRow = broadcastTo(add(p.cls_token, first), ['batch', 1, 'hidden']);
      return { patches: add(patches, positions), classRow };
    },
  );

  /** The rows of the image through its encoder. */
  const encodeImage = <R extends string>(rows: Floats<readonly ['batch', R, 'hidden']>) => {
    const x = layers(c.num_hidden_layers).reduce((x, i) => vitLayer(x, `vit.layers.${i}`, encoder), rows);
    return norm(x, 'vit.layernorm', eps);
  };

  /** A BERT that does not see padding. */
  const encodeText = (ids: TensorOf<'i32[batch text]'>, words: TensorOf<'bool[batch 1 1 text]'>) =>
    layers(c.text_config.num_hidden_layers).reduce(
      (x, i) => bertLayer(x, `text.encoder.layer.${i}`, bert, { mask: words }),
      bertEmbeddings(ids, 'text.embeddings', 'hidden', eps),
    );

  /** Rows of the image attend to themselves, then to the words y. */
  const fuse = <R extends string>(
    rows: Floats<readonly ['batch', R, 'hidden']>,
    y: TensorOf<'float[batch text hidden]'>,
    words: TensorOf<'bool[batch 1 1 text]'>,
  ) => layers(c.fusion_layers).reduce((x, i) => bertLayer(x, `fusion.${i}`, bert, { y, yMask: words }), rows);

  /** Patch j is row 1 + restore[j] of y, if that was visible, else the mask token: N patches of p·p·channels numbers. */
  const decode = block(
    'decoder',
    {
      inputs: { fused: 'float[batch 1+visible hidden]', restore: 'i32[batch patches]' },
      params: { mask_token: 'float[1 1 decoderHidden]', decoder_pos_embed: 'float[1 1+patches decoderHidden]' },
    },
    ({ fused, restore }, p) => {
      const y = dense(fused, 'decoder_embed', 'decoderHidden');
      const visible = slice(y, '1+visible', { start: 1, size: 'visible' });
      const hidden = broadcastTo(p.mask_token, ['batch', 'patches-visible', 'decoderHidden']);
      const drawn =
        c.num_visible < c.num_patches
          ? concat([visible, hidden], 'visible', 'patches')
          : reshape(visible, ['batch', 'patches', 'decoderHidden']);
      const placed = gatherAlong(drawn, 'patches', reshape(restore, ['batch', 'patches', 1]));
      const classRow = slice(y, '1+visible', { start: 0, size: 1 });
      const start = add(concat([classRow, placed], 1, '1+patches'), p.decoder_pos_embed);
      const x = layers(c.decoder_num_hidden_layers).reduce(
        (x, i) => vitLayer(x, `decoder_layers.${i}`, decoder),
        start,
      );
      const all = dense(norm(x, 'decoder_norm', eps), 'decoder_pred', 'patchSize*patchSize*channels');
      return slice(all, '1+patches', { start: 1, size: 'patches' });
    },
  );

  /** Patches, each laid out (row, column, channel), as an image. */
  const assemble = (patches: TensorOf<'float[batch patches patchSize*patchSize*channels]'>) => {
    const cells = reshape(patches, ['batch', 'rows', 'columns', 'patchRows', 'patchColumns', 'channels']);
    const planes = transpose(cells, ['batch', 'channels', 'rows', 'patchRows', 'columns', 'patchColumns']);
    return reshape(planes, ['batch', 'channels', 'height', 'width']);
  };

  const given = {
    pixel_values: 'float[batch channels height width]',
    input_ids: 'i32[batch text]',
    attention_mask: 'i32[batch text]',
  } as const;

  /** Training's forward pass: the patches whose noise is lowest are visible, the decoder paints all. */
  const reconstruct = entry(
    { inputs: { ...given, noise: 'float[batch patches]' } },
    ({ pixel_values, input_ids, attention_mask, noise }) => {
      const order = argSort(noise, 'patches');
      const restore = argSort(order, 'patches');
      const keep = slice(order, 'patches', { start: 0, size: 'visible' });
      const { patches: e, classRow } = embedImage({ pixels: pixel_values });
      const visible = gatherAlong(e, 'patches', reshape(keep, ['batch', 'visible', 1]));
      const image = encodeImage(concat([classRow, visible], 1, '1+visible'));
      const words = wordsOf(attention_mask);
      const text = encodeText(input_ids, words);
      const fused = fuse(image, text, words);
      const patches = decode({ fused, restore });
      return {
        ids_keep: keep,
        ids_restore: restore,
        mask: cast(lessOrEqual(c.num_visible, restore), 'i32'),
        image_states: image,
        text_states: text,
        fused_states: fused,
        patches,
        image: assemble(patches),
      };
    },
  );

  /** Inference: the whole image and the text, and whether they match. */
  const match = entry({ inputs: given }, ({ pixel_values, input_ids, attention_mask }) => {
    const { patches, classRow } = embedImage({ pixels: pixel_values });
    const image = encodeImage(concat([classRow, patches], 1, '1+patches'));
    const words = wordsOf(attention_mask);
    const text = encodeText(input_ids, words);
    const fused = fuse(image, text, words);
    const first = reshape(slice(fused, '1+patches', { start: 0, size: 1 }), ['batch', 'hidden']);
    return {
      image_states: image,
      text_states: text,
      fused_states: fused,
      itm_logits: dense(first, 'itm_head', 'answers'),
    };
  });

  const side = c.image_size / c.patch_size;
  return model('vlmae', {
    dims: {
      batch: upTo(64),
      text: upTo(c.text_config.max_position_embeddings),
      vocab: c.text_config.vocab_size,
      types: c.text_config.type_vocab_size,
      textPositions: c.text_config.max_position_embeddings,
      channels: c.num_channels,
      height: c.image_size,
      width: c.image_size,
      patchSize: c.patch_size,
      patchRows: c.patch_size,
      patchColumns: c.patch_size,
      rows: side,
      columns: side,
      patches: c.num_patches,
      visible: c.num_visible,
      hidden: c.hidden_size,
      heads: c.num_attention_heads,
      headDim: c.hidden_size / c.num_attention_heads,
      ffn: c.intermediate_size,
      decoderHidden: c.decoder_hidden_size,
      decoderHeads: c.decoder_num_attention_heads,
      decoderHeadDim: c.decoder_hidden_size / c.decoder_num_attention_heads,
      decoderFfn: c.decoder_intermediate_size,
      answers: 2,
    },
    entries: { reconstruct, match },
  });
};

export { requireWords as golden } from '../shared/requireWords.ts';
