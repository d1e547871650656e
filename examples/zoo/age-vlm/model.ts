import { entry, type GoldenScript, linear, model, reshape, type TensorOf, transpose, upTo } from 'casement';
import { bindable } from '../shared/bindable.ts';
import { fields, index, listOf, number, only, readConfig, size } from '../shared/config.ts';
import { crossDecoder, crossDecoderDims, crossDecoderFields, crossDecoderProblems } from '../shared/crossDecoder.ts';
import { continueTokens, type Feed, forEachSample, positionsFrom, sampleOf, tensorOf } from '../shared/decoding.ts';
import { dense } from '../shared/layers.ts';
import { LONGEST_IMAGE } from '../shared/llama.ts';
import { convNext, convNextDims, convNextStride } from './convNext.ts';

/** `config.json`: the fields of transformers' `ConvNextConfig` and of `MllamaTextConfig`. */
const schema = {
  vision_config: fields({
    num_channels: size,
    num_stages: size,
    hidden_sizes: listOf(size),
    depths: listOf(index),
    patch_size: size,
    hidden_act: only('gelu'),
    layer_norm_eps: number,
  }),
  text_config: fields(crossDecoderFields),
};

/** The longer side of the largest image, in pixels. */
const MAX_SIDE = 512;

/** Convolutional features of an image of any size, read by some layers of the decoder (AGE-VLM, arXiv 2511.17793). */
export default (config: unknown) => {
  const { vision_config: vision, text_config: text } = readConfig(
    config,
    schema,
    ({ vision_config: v, text_config }) => [
      v.hidden_sizes.length !== v.num_stages && 'vision_config.hidden_sizes: must have num_stages sizes',
      v.depths.length !== v.num_stages && 'vision_config.depths: must have num_stages sizes',
      ...crossDecoderProblems(text_config, 'text_config.'),
    ],
  );
  const stride = convNextStride(vision);
  const keys = `floor(height/${stride})*floor(width/${stride})`;
  const decoder = crossDecoder(text, 'language_model.model', { keys });
  const params = { 'language_model.lm_head.weight': 'float[vocab hidden]' } as const;

  /** A token for each place of the feature map, row by row. */
  const encode = (pixels: TensorOf<'float[samples channels height width]'>) => {
    const map = convNext(pixels, vision);
    const [samples, width, rows, columns] = map.shape;
    const places = reshape(transpose(map, [samples, rows, columns, width]), [samples, keys, width]);
    return dense(places, 'multi_modal_projector', 'hidden');
  };

  const encodeImage = entry(
    { inputs: { pixel_values: 'float[samples channels height width]' } },
    ({ pixel_values }) => ({
      image_tokens: encode(pixel_values),
    }),
  );

  /** Images and their texts, each row of which sees all of its image. */
  const forward = entry(
    { inputs: { pixel_values: 'float[samples channels height width]', input_ids: 'i32[samples seq]' }, params },
    ({ pixel_values, input_ids }, p) => {
      const tokens = encode(pixel_values);
      const y = tokens as TensorOf<'float[samples keys hidden]'>; // the decoder was told what they are called
      const { last } = decoder.forward({ ids: input_ids, y, visible: undefined, sees: undefined });
      const logits = linear(last, p['language_model.lm_head.weight']);
      return { image_tokens: tokens, logits };
    },
  );

  /** Without an image: the layers that read it are left out. */
  const forwardText = entry({ inputs: { input_ids: 'i32[samples seq]' }, params }, ({ input_ids }, p) => ({
    logits_text_only: linear(decoder.text({ ids: input_ids }), p['language_model.lm_head.weight']),
  }));

  /** The keys and values of an image's tokens; drops those of the image before. */
  const openImage = entry({ inputs: { image_embeds: 'float[batch keys hidden]' } }, ({ image_embeds }) =>
    decoder.open({ y: image_embeds }),
  );

  /** The next text tokens. */
  const step = entry(
    { inputs: { input_ids: 'i32[batch seq]', position_ids: 'i32[batch seq]' }, params },
    ({ input_ids, position_ids }, p) => {
      const last = decoder.step({ ids: input_ids, positions: position_ids, tiles: undefined });
      return { logits: linear(last, p['language_model.lm_head.weight']) };
    },
  );

  /** What the first stage's layers widen its map to. */
  const widest = (MAX_SIDE / vision.patch_size) ** 2 * 4 * (vision.hidden_sizes[0] ?? 1);

  return model('age-vlm', {
    dims: {
      ...crossDecoderDims(text),
      ...convNextDims(vision),
      samples: upTo(bindable(Math.max(widest, LONGEST_IMAGE * text.hidden_size), 8)),
      height: upTo(MAX_SIDE, { min: stride }),
      width: upTo(MAX_SIDE, { min: stride }),
    },
    entries: { encodeImage, forward, forwardText, openImage, step },
  });
};

/** `greedy`, by a prefill and single steps with caches. */
export const golden: GoldenScript = async ({ run, reset }, tensors) => {
  const [batch = 0, length = 0] = tensorOf(tensors, 'input_ids').shape;
  const [, count = 0] = tensorOf(tensors, 'greedy').shape;
  return forEachSample(batch, async (b) => {
    const sample = sampleOf(tensors, b);
    const feed: Feed = async (ids, position) => {
      const position_ids = positionsFrom(position, ids.shape[1] ?? 0);
      return tensorOf(await run('step', { input_ids: ids, position_ids }), 'logits');
    };
    await reset();
    const image = await run('encodeImage', { pixel_values: sample('pixel_values') });
    await run('openImage', { image_embeds: tensorOf(image, 'image_tokens') });
    const logits = await feed(sample('input_ids'), 0);
    return { greedy: await continueTokens(feed, logits, length, count) };
  });
};
