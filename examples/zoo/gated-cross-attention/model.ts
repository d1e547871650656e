import {
  add,
  attention,
  block,
  broadcastTo,
  capacity,
  cast,
  entry,
  type GoldenScript,
  gather,
  iota,
  lessOrEqual,
  linear,
  mergeHeads,
  mlp,
  model,
  mul,
  norm,
  reduceSum,
  reshape,
  sliceAlong,
  splitHeads,
  type Tensor,
  tanh,
  upTo,
} from 'casement';
import { only, readConfig, size } from '../shared/config.ts';
import { continueTokens, type Feed, forEachSample, positionsFrom, sampleOf, tensorOf } from '../shared/decoding.ts';
import { llamaDims, llamaFields, llamaLayer, llamaOptions, llamaProblems } from '../shared/llama.ts';

/** `config.json`: Llama's fields and these of IDEFICS. */
const fields = {
  ...llamaFields,
  vision_embed_dim: size,
  cross_layer_interval: size,
  head_dim: size,
  alpha_type: only('float', 'vector'),
  qk_layer_norms: only(false),
};

/**
 * A Llama whose blocks 0, k, 2k, … stand behind gated blocks, in which each text row reads the newest image before it
 * (Flamingo, arXiv 2204.14198, as IDEFICS has it).
 */
export default (config: unknown) => {
  const c = readConfig(config, fields, (c) => [
    ...llamaProblems(c),
    c.head_dim * c.num_attention_heads !== c.hidden_size && 'head_dim: must be hidden_size / num_attention_heads',
  ]);
  const options = llamaOptions(c);
  const gate = c.alpha_type === 'vector' ? 'float[1 1 hidden]' : 'float[1]';
  const gates = { alpha_cross_attn: gate, alpha_dense: gate } as const;
  /** One number for all channels or one for each, and never above 1. */
  const gateOf = (alpha: Tensor<'float'>) => tanh(broadcastTo(alpha, [1, 1, 'hidden']));

  const crossParams = {
    'q_proj.weight': 'float[heads*headDim hidden]',
    'k_proj.weight': 'float[heads*headDim imageHidden]',
    'v_proj.weight': 'float[heads*headDim imageHidden]',
    'o_proj.weight': 'float[hidden heads*headDim]',
  } as const;

  /** MHA(x_t | y_a(t)): rows see keys of their own image; row t's is 0 before the first image, and no key's is. */
  const wholeAttention = block(
    'cross_attn',
    {
      inputs: {
        x: 'float[samples seq hidden]',
        y: 'float[samples images*tokens imageHidden]',
        imageOfRow: 'i32[samples seq]',
        imageOfKey: 'i32[samples images*tokens]',
      },
      params: crossParams,
    },
    ({ x, y, imageOfRow, imageOfKey }, p) => {
      const q = splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim');
      const k = splitHeads(linear(y, p['k_proj.weight']), 'heads', 'headDim');
      const v = splitHeads(linear(y, p['v_proj.weight']), 'heads', 'headDim');
      const mixed = attention(q, k, v, { causal: false, segments: { q: imageOfRow, k: imageOfKey } });
      return linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight']);
    },
  );

  const state = { image: 'kv[batch window heads headDim]' } as const;
  /** The same over a cache of the newest image alone. */
  const cachedAttention = block(
    'cross_attn',
    { inputs: { x: 'float[batch seq hidden]' }, params: crossParams, state },
    ({ x, image }, p) => {
      const q = splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim');
      return linear(mergeHeads(attention(q, image, { causal: false }), 'heads*headDim'), p['o_proj.weight']);
    },
  );
  const openAttention = block(
    'cross_attn',
    { inputs: { y: 'float[batch tokens imageHidden]' }, params: crossParams, state },
    ({ y, image }, p) => {
      image.clear();
      image.append(
        splitHeads(linear(y, p['k_proj.weight']), 'heads', 'headDim'),
        splitHeads(linear(y, p['v_proj.weight']), 'heads', 'headDim'),
      );
    },
  );

  /** x ← x + tanh(α)·CA(n x | y), x ← x + tanh(β)·MLP(n' x); the second in rows without an image, too. */
  const gatedBlock = (index: number) => {
    const name = `gated_cross_attn_layers.${index}`;
    const n = norm('input_layernorm', options.norm);
    const nPrime = norm('post_attention_layernorm', options.norm);
    const ff = mlp(options.bias);
    const images = {
      y: 'float[samples images*tokens imageHidden]',
      imageOfRow: 'i32[samples seq]',
      imageOfKey: 'i32[samples images*tokens]',
    } as const;
    const forward = block(
      name,
      { inputs: { x: 'float[samples seq hidden]', ...images }, params: gates },
      ({ x, ...images }, p) => {
        const h = add(x, mul(wholeAttention({ x: n(x), ...images }), gateOf(p.alpha_cross_attn)));
        return add(h, mul(ff(nPrime(h)), gateOf(p.alpha_dense)));
      },
    );
    const step = block(name, { inputs: { x: 'float[batch seq hidden]' }, params: gates }, ({ x }, p) => {
      const h = add(x, mul(cachedAttention({ x: n(x) }), gateOf(p.alpha_cross_attn)));
      return add(h, mul(ff(nPrime(h)), gateOf(p.alpha_dense)));
    });
    const open = block(name, { inputs: { y: 'float[batch tokens imageHidden]' } }, ({ y }) => openAttention({ y }));
    return { forward, step, open };
  };

  const layers = Array.from({ length: c.num_hidden_layers }, (_, index) => ({
    ...llamaLayer(c, index),
    gated: index % c.cross_layer_interval === 0 ? gatedBlock(index / c.cross_layer_interval) : undefined,
  }));
  const finalNorm = norm('model.norm', options.norm);
  const params = {
    'model.embed_tokens.weight': 'float[vocab hidden]',
    'lm_head.weight': 'float[vocab hidden]',
  } as const;

  const decoder = block(
    'model',
    {
      inputs: {
        x: 'float[samples seq hidden]',
        positions: 'i32[samples seq]',
        y: 'float[samples images*tokens imageHidden]',
        imageOfRow: 'i32[samples seq]',
        imageOfKey: 'i32[samples images*tokens]',
      },
    },
    ({ x, positions, ...images }) =>
      layers.reduce(
        (x, { gated, forward }) => forward({ x: gated ? gated.forward({ x, ...images }) : x, positions }),
        x,
      ),
  );

  /** A whole pass over texts with all their images; image i stands before text index insertion_points[i]. */
  const forward = entry(
    {
      inputs: {
        input_ids: 'i32[samples seq]',
        image_features: 'float[samples images tokens imageHidden]',
        insertion_points: 'i32[samples images]',
      },
      params,
    },
    ({ input_ids, image_features, insertion_points }, p) => {
      const row = iota(input_ids, 'seq');
      const isBefore = lessOrEqual(reshape(insertion_points, ['samples', 'images', 1]), row);
      const number = add(iota(image_features, 'images'), 1);
      const numbers = broadcastTo(reshape(number, ['images', 1]), ['samples', 'images', 'tokens']);
      const last = decoder({
        x: gather(p['model.embed_tokens.weight'], 'vocab', input_ids),
        positions: broadcastTo(row, ['samples', 'seq']),
        y: reshape(image_features, ['samples', 'images*tokens', 'imageHidden']),
        imageOfRow: reduceSum(cast(isBefore, 'i32'), 'images'),
        imageOfKey: reshape(numbers, ['samples', 'images*tokens']),
      });
      return { logits: linear(finalNorm(last), p['lm_head.weight']) };
    },
  );

  const openImages = block('model', { inputs: { y: 'float[batch tokens imageHidden]' } }, ({ y }) => {
    for (const { gated } of layers) gated?.open({ y });
  });
  /** A new image takes the place of the one before. */
  const openImage = entry({ inputs: { image_embeds: 'float[batch tokens imageHidden]' } }, ({ image_embeds }) =>
    openImages({ y: image_embeds }),
  );

  const cachedDecoder = block(
    'model',
    { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } },
    ({ x, positions }) =>
      layers.reduce((x, { gated, step }) => step({ x: gated ? gated.step({ x }) : x, positions }), x),
  );
  /** The next text tokens: a chunk of a prompt, or one. They see the image that was opened last. */
  const step = entry(
    { inputs: { input_ids: 'i32[batch seq]', position_ids: 'i32[batch seq]' }, params },
    ({ input_ids, position_ids }, p) => {
      const embedded = gather(p['model.embed_tokens.weight'], 'vocab', input_ids);
      const last = cachedDecoder({ x: embedded, positions: position_ids });
      return { logits: linear(finalNorm(last), p['lm_head.weight']) };
    },
  );

  return model('gated-cross-attention', {
    dims: {
      ...llamaDims(c),
      imageHidden: c.vision_embed_dim,
      images: upTo(8, { min: 0 }),
      tokens: upTo(512),
      window: capacity(512),
    },
    entries: { forward, openImage, step },
  });
};

/** `greedy`, token by token with caches: each image is opened when the text reaches it. */
export const golden: GoldenScript = async ({ run, reset }, tensors) => {
  const [batch = 0, length = 0] = tensorOf(tensors, 'input_ids').shape;
  const count = tensorOf(tensors, 'greedy').shape[1] ?? 0;
  return forEachSample(batch, async (b) => {
    const sample = sampleOf(tensors, b);
    const images = sample('image_features');
    const places = sample('insertion_points').data;
    const feed: Feed = async (ids, position) => {
      for (const [i, place] of places.entries()) {
        if (Math.max(place, 0) !== position) continue;
        const image = sliceAlong(images, 1, i, i + 1);
        await run('openImage', { image_embeds: { ...image, shape: [1, ...image.shape.slice(2)] } });
      }
      return tensorOf(await run('step', { input_ids: ids, position_ids: positionsFrom(position, 1) }), 'logits');
    };
    await reset();
    let logits = images;
    for (let t = 0; t < length; t++) logits = await feed(sliceAlong(sample('input_ids'), 1, t, t + 1), t);
    return { greedy: await continueTokens(feed, logits, length, count) };
  });
};
