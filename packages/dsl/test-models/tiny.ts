import {
  add,
  attention,
  block,
  capacity,
  entry,
  gather,
  linear,
  mergeHeads,
  model,
  rmsNorm,
  rope,
  silu,
  splitHeads,
  upTo,
  when,
} from '@casement/dsl';

const bias = true;
const turn = { theta: 1e4, layout: 'half' } as const;

const norm = (name: string) =>
  block(name, { inputs: 'float[... hidden]', params: { weight: 'float[hidden]' } }, (x, p) =>
    rmsNorm(x, p.weight, { eps: 1e-6 }),
  );

const mlp = block(
  'mlp',
  {
    inputs: 'float[... hidden]',
    params: {
      'up.weight': 'float[2*hidden hidden]',
      'up.bias': when(bias, 'float[2*hidden]'),
      'down.weight': 'float[hidden 2*hidden]',
      'down.bias': when(!bias, 'float[hidden]'),
    },
  },
  (x, p) => linear(silu(linear(x, p['up.weight'], p['up.bias'])), p['down.weight'], p['down.bias']),
);

const window = block(
  'casa_attn',
  {
    inputs: { tokens: 'float[batch image hidden]', positions: 'i32[batch image]' },
    params: { 'k.weight': 'float[kvHeads*headDim hidden]', 'v.weight': 'float[kvHeads*headDim hidden]' },
    state: { window: 'kv[batch window kvHeads headDim]' },
  },
  ({ tokens, positions, window }, p) => {
    window.clear();
    const k = rope(splitHeads(linear(tokens, p['k.weight']), 'kvHeads', 'headDim'), positions, turn);
    window.append(k, splitHeads(linear(tokens, p['v.weight']), 'kvHeads', 'headDim'));
  },
);

const fuse = block(
  'casa_attn',
  {
    inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' },
    params: {
      'q.weight': 'float[heads*headDim hidden]',
      'k.weight': 'float[kvHeads*headDim hidden]',
      'v.weight': 'float[kvHeads*headDim hidden]',
      'o.weight': 'float[hidden heads*headDim]',
    },
    state: { window: 'kv[batch window kvHeads headDim]' },
  },
  ({ x, positions, window }, p) => {
    const q = rope(splitHeads(linear(x, p['q.weight']), 'heads', 'headDim'), positions, turn);
    const k = rope(splitHeads(linear(x, p['k.weight']), 'kvHeads', 'headDim'), positions, turn);
    window.append(k, splitHeads(linear(x, p['v.weight']), 'kvHeads', 'headDim'));
    return linear(mergeHeads(attention(q, window, { causal: true }), 'heads*headDim'), p['o.weight']);
  },
);

const decoder = block(
  'model.layers.0',
  { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } },
  ({ x, positions }) => {
    const h = add(x, fuse({ x: norm('input_norm')(x), positions }));
    return add(h, mlp(norm('post_norm')(h)));
  },
);

const images = block(
  'model.layers.0',
  { inputs: { tokens: 'float[batch image hidden]', positions: 'i32[batch image]' } },
  (inputs) => window(inputs),
);

export default model('tiny', {
  dims: {
    batch: 1,
    seq: upTo(16),
    image: upTo(8),
    window: capacity(32),
    hidden: 8,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    vocab: 12,
  },
  entries: {
    openWindow: entry(
      { inputs: { tokens: 'float[batch image hidden]', position_ids: 'i32[batch image]' } },
      ({ tokens, position_ids }) => {
        images({ tokens, positions: position_ids });
      },
    ),
    step: entry(
      {
        inputs: { input_ids: 'i32[batch seq]', position_ids: 'i32[batch seq]' },
        params: { 'model.embed_tokens.weight': 'float[vocab hidden]' },
      },
      ({ input_ids, position_ids }, p) => {
        const x = gather(p['model.embed_tokens.weight'], 'vocab', input_ids);
        const h = norm('model.norm')(decoder({ x, positions: position_ids }));
        return { logits: linear(h, p['model.embed_tokens.weight']) };
      },
    ),
  },
});
