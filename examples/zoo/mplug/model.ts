import { add, broadcastTo, concat, constant, entry, model, slice, stack, type TensorOf, upTo } from 'casement';
import { bertEmbeddings, bertLayer, wordsOf } from '../shared/bert.ts';
import { index, number, only, readConfig, size } from '../shared/config.ts';

/** What a text without any token means is undefined. */
export { requireWords as golden } from '../shared/requireWords.ts';

const fields = {
  text_encoder_layers: index,
  fusion_layers: size,
  stride_layer: size,
  vocab_size: size,
  hidden_size: size,
  num_attention_heads: size,
  intermediate_size: size,
  max_position_embeddings: size,
  type_vocab_size: size,
  hidden_act: only('gelu'),
  layer_norm_eps: number,
};

type Text = TensorOf<'float[batch text hidden]'>;
type Image = TensorOf<'float[batch image hidden]'>;
type Mask = TensorOf<'i32[batch text]'>;

/**
 * In most layers the text alone is computed and reads the image, which is long; every few layers both meet (mPLUG, arXiv
 * 2205.12005). A text needs a token.
 */
export default (config: unknown) => {
  const c = readConfig(config, fields, (c) => [
    c.hidden_size % c.num_attention_heads > 0 && 'num_attention_heads: must divide hidden_size',
  ]);
  const bert = { heads: 'heads', headDim: 'headDim', ffn: 'ffn', eps: c.layer_norm_eps };

  /** Words that see each other. */
  const encodeText = (ids: TensorOf<'i32[batch text]'>, mask: Mask): Text => {
    let text: Text = bertEmbeddings(ids, 'text_encoder.embeddings', 'hidden', c.layer_norm_eps);
    for (let i = 0; i < c.text_encoder_layers; i++) {
      text = bertLayer(text, `text_encoder.encoder.layer.${i}`, bert, { mask: wordsOf(mask) });
    }
    return text;
  };

  /** Text ← BERT layer (text | text | image); the image stays as it is. */
  const asymmetric = (text: Text, image: Image, mask: Mask, name: string) => ({
    text: bertLayer(text, name, bert, { mask: wordsOf(mask), y: image }),
    image,
  });

  /** [image; text] through one BERT layer; the image is added to what came of it. */
  const joint = (text: Text, image: Image, mask: Mask, name: string) => {
    const seen = broadcastTo(constant(mask, 'i32', [1], [1]), ['batch', 'image']);
    const both = concat([image, text], 'image', 'image+text');
    const z = bertLayer(both, name, bert, { mask: wordsOf(concat([seen, mask], 'image', 'image+text')) });
    return {
      text: slice(z, 'image+text', { start: 'image', size: 'text' }),
      image: add(image, slice(z, 'image+text', { start: 0, size: 'image' })),
    };
  };

  const forward = entry(
    {
      inputs: {
        input_ids: 'i32[batch text]',
        attention_mask: 'i32[batch text]',
        image_embeds: 'float[batch image hidden]',
      },
    },
    ({ input_ids, attention_mask, image_embeds }) => {
      let text = encodeText(input_ids, attention_mask);
      let image: Image = image_embeds;
      const [texts, images] = [[text], [image]];
      for (let i = 0; i < c.fusion_layers; i++) {
        const layer = i !== 0 && i % c.stride_layer === 0 ? joint : asymmetric;
        ({ text, image } = layer(text, image, attention_mask, `fusion_encoder.encoder.layer.${i}`));
        texts.push(text);
        images.push(image);
      }
      return {
        text_states: text,
        image_states: image,
        text_hidden_states: stack(texts, 'states'),
        image_hidden_states: stack(images, 'states'),
      };
    },
  );

  return model('mplug', {
    dims: {
      batch: upTo(8),
      text: upTo(c.max_position_embeddings),
      image: upTo(1024),
      states: c.fusion_layers + 1,
      hidden: c.hidden_size,
      heads: c.num_attention_heads,
      headDim: c.hidden_size / c.num_attention_heads,
      ffn: c.intermediate_size,
      vocab: c.vocab_size,
      textPositions: c.max_position_embeddings,
      types: c.type_vocab_size,
    },
    entries: { forward },
  });
};
