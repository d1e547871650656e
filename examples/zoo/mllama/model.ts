import {
  entry,
  type GoldenScript,
  joinAlong,
  less,
  linear,
  model,
  reshape,
  sliceAlong,
  transpose,
  upTo,
} from 'casement';
import { readConfig, size } from '../shared/config.ts';
import { crossDecoder, crossDecoderDims, crossDecoderFields, crossDecoderProblems } from '../shared/crossDecoder.ts';
import { seenKeys, seesAny, visibleKeys } from '../shared/crossLayer.ts';
import { continueTokens, type Feed, forEachSample, positionsFrom, sampleOf, tensorOf } from '../shared/decoding.ts';

const fields = { ...crossDecoderFields, max_num_tiles: size, num_vision_tokens: size };

/** The decoder of Llama 3.2 Vision: some of its layers read the image's tiles, and have no self-attention. */
export default (config: unknown) => {
  const c = readConfig(config, fields, crossDecoderProblems);
  const tokensPerTile = c.num_vision_tokens;
  const decoder = crossDecoder(c, 'model', { tokensPerTile });
  const params = { 'lm_head.weight': 'float[vocab hidden]' } as const;

  const whole = {
    input_ids: 'i32[samples seq]',
    cross_attention_states: 'float[samples keys hidden]',
    cross_attention_mask: 'i32[samples seq images tiles]',
  } as const;

  /** Texts with images, as transformers computes them: a row that sees no tile attends to all, and skips the MLP. */
  const forward = entry(
    { inputs: whole, params },
    ({ input_ids, cross_attention_states: y, cross_attention_mask }, p) => {
      const tiles = reshape(less(0, cross_attention_mask), ['samples', 'seq', 'images*tiles']);
      const seen = seenKeys(tiles, y, 'keys', tokensPerTile);
      const { last, cached } = decoder.forward({
        ids: input_ids,
        y,
        visible: visibleKeys(seen),
        sees: seesAny(seen),
      });
      const [first] = cached;
      const order = ['samples', 'kvHeads', 'keys', 'headDim'] as const;
      return {
        logits: linear(last, p['lm_head.weight']),
        ...(first ? { cross_key: transpose(first.k, order), cross_value: transpose(first.v, order) } : {}),
      };
    },
  );

  /** The same as the reference implementation: such a row goes by as if there were no image. */
  const forwardRowsZeroed = entry(
    { inputs: whole, params },
    ({ input_ids, cross_attention_states: y, cross_attention_mask }, p) => {
      const tiles = reshape(less(0, cross_attention_mask), ['samples', 'seq', 'images*tiles']);
      const seen = seenKeys(tiles, y, 'keys', tokensPerTile);
      const visible = reshape(seen, ['samples', 1, 'seq', 'keys']);
      const { last } = decoder.forward({ ids: input_ids, y, visible, sees: seesAny(seen) });
      return { logits_rows_zeroed: linear(last, p['lm_head.weight']) };
    },
  );

  /** Without images. */
  const forwardText = entry({ inputs: { input_ids: 'i32[samples seq]' }, params }, ({ input_ids }, p) => ({
    logits_text_only: linear(decoder.text({ ids: input_ids }), p['lm_head.weight']),
  }));

  /** The keys and values of all tiles; drops those of the image before. */
  const openImage = entry({ inputs: { image_embeds: 'float[batch keys hidden]' } }, ({ image_embeds }) =>
    decoder.open({ y: image_embeds }),
  );

  /** The next text tokens, and which tiles each of them sees. Without an opened image, they see none. */
  const step = entry(
    {
      inputs: {
        input_ids: 'i32[batch seq]',
        position_ids: 'i32[batch seq]',
        tile_mask: 'i32[batch seq images tiles]',
      },
      params,
    },
    ({ input_ids, position_ids, tile_mask }, p) => {
      const tiles = reshape(less(0, tile_mask), ['batch', 'seq', 'images*tiles']);
      const last = decoder.step({ ids: input_ids, positions: position_ids, tiles });
      return { logits: linear(last, p['lm_head.weight']) };
    },
  );

  return model('mllama', {
    dims: {
      ...crossDecoderDims(c),
      images: upTo(8),
      tiles: c.max_num_tiles,
    },
    entries: { forward, forwardRowsZeroed, forwardText, openImage, step },
  });
};

/** `decode_logits` (a prefill and single steps) and `greedy`, both with caches. */
export const golden: GoldenScript = async ({ run, reset }, tensors) => {
  const [batch = 0, length = 0] = tensorOf(tensors, 'input_ids').shape;
  const [, steps = 0] = tensorOf(tensors, 'decode_logits').shape;
  const [, count = 0] = tensorOf(tensors, 'greedy').shape;
  return forEachSample(batch, async (b) => {
    const sample = sampleOf(tensors, b);
    const mask = sample('cross_attention_mask');
    const feed: Feed = async (ids, position) => {
      const rows = ids.shape[1] ?? 0;
      // Past the end, the mask's last row repeats.
      const from = Math.min(position, length - rows);
      const outputs = await run('step', {
        input_ids: ids,
        position_ids: positionsFrom(position, rows),
        tile_mask: sliceAlong(mask, 1, from, from + rows),
      });
      return tensorOf(outputs, 'logits');
    };
    const ids = sample('input_ids');
    const prefill = length - steps;
    await reset();
    await run('openImage', { image_embeds: sample('cross_attention_states') });
    if (prefill > 0) await feed(sliceAlong(ids, 1, 0, prefill), 0);
    let logits = await feed(sliceAlong(ids, 1, prefill, prefill + 1), prefill);
    let decoded = logits;
    for (let t = prefill + 1; t < length; t++) {
      logits = await feed(sliceAlong(ids, 1, t, t + 1), t);
      decoded = joinAlong([decoded, logits], 1);
    }
    return { decode_logits: decoded, greedy: await continueTokens(feed, logits, length, count) };
  });
};
