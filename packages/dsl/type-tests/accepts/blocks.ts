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
  mul,
  rmsNorm,
  rope,
  silu,
  splitHeads,
  type Tensor,
  type TensorOf,
  upTo,
  when,
} from '@casement/dsl';
import * as v from '../values.ts';

const bias: boolean = true;

const norm = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[hidden]' } }, (x, p) =>
  rmsNorm(x, p.weight, { eps: 1e-6 }),
);

const mlp = block(
  'mlp',
  {
    inputs: 'float[... hidden]',
    params: {
      'gate_proj.weight': 'float[ffn hidden]',
      'up_proj.weight': 'float[ffn hidden]',
      'down_proj.weight': 'float[hidden ffn]',
      'down_proj.bias': when(bias, 'float[hidden]'),
    },
  },
  (x, p) => {
    const gate = silu(linear(x, p['gate_proj.weight']));
    return linear(mul(gate, linear(x, p['up_proj.weight'])), p['down_proj.weight'], p['down_proj.bias']);
  },
);

const attend = block(
  'self_attn',
  {
    inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' },
    params: {
      'q_proj.weight': 'float[heads*headDim hidden]',
      'k_proj.weight': 'float[kvHeads*headDim hidden]',
      'v_proj.weight': 'float[kvHeads*headDim hidden]',
      'o_proj.weight': 'float[hidden heads*headDim]',
    },
    state: { past: 'kv[batch past kvHeads headDim]' },
  },
  ({ x, positions, past }, p) => {
    const turn = { theta: 1e4, layout: 'half' } as const;
    const q = rope(splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim'), positions, turn);
    const k = rope(splitHeads(linear(x, p['k_proj.weight']), 'kvHeads', 'headDim'), positions, turn);
    past.append(k, splitHeads(linear(x, p['v_proj.weight']), 'kvHeads', 'headDim'));
    return linear(mergeHeads(attention(q, past, { causal: true }), 'heads*headDim'), p['o_proj.weight']);
  },
);

// A block's inputs and results keep the names of the leading dims it was called with.
const rows = norm(v.x);
v.same<typeof rows, Tensor<'float', readonly ['batch', 'seq', 'hidden']>>(true);
const tokens = mlp(norm(v.image));
v.same<typeof tokens, Tensor<'float', readonly ['batch', 'image', 'hidden']>>(true);
const vector = norm(v.scale);
v.same<typeof vector, Tensor<'float', readonly ['hidden']>>(true);

const both = block(
  'both',
  {
    inputs: { a: 'float[... hidden]', b: 'float[... hidden]', gain: 'float[hidden]', mask: when(bias, 'bool[... 1]') },
  },
  ({ a, b, gain, mask }) => ({ sum: mul(add(a, b), gain), parts: [a, mask] as const }),
);
const { sum, parts } = both({ a: v.x, b: v.x, gain: v.scale, mask: undefined });
v.same<typeof sum, Tensor<'float', readonly ['batch', 'seq', 'hidden']>>(true);
v.same<(typeof parts)[0], Tensor<'float', readonly ['batch', 'seq', 'hidden']>>(true);
v.same<(typeof parts)[1], Tensor<'bool', readonly ['batch', 'seq', 1]> | undefined>(true);

const memory = block(
  'memory',
  { inputs: { x: 'float[batch seq hidden]' }, state: { seen: 'float[batch past hidden]' } },
  ({ x, seen }) => {
    seen.append(x);
    return seen.value;
  },
);
const all = memory({ x: v.x });
v.same<typeof all, Tensor<'float', readonly ['batch', 'past', 'hidden']>>(true);

const axes = block('axes', { inputs: 'i32[3 batch seq]' }, (positions) => positions);
const [first] = axes({} as Tensor<'i32', readonly [3, 'batch', 'seq']>).shape;
v.same<typeof first, 3>(true);

// A block may change a state and return nothing; functions beside blocks name their tensors by signature.
const forget = block(
  'memory',
  { inputs: { x: 'float[batch seq hidden]' }, state: { seen: 'float[batch past hidden]' } },
  ({ seen }) => {
    seen.clear();
  },
);
forget({ x: v.x });
const double = (x: TensorOf<'float[batch seq hidden]'>) => add(x, x);
v.same<ReturnType<typeof double>, Tensor<'float', readonly ['batch', 'seq', 'hidden']>>(true);

// Layers in an array, and a helper that is generic in the shape.
const layers = [0, 1, 2].map((i) =>
  block(`model.layers.${i}`, { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } }, (input) => {
    const h = add(input.x, attend({ x: norm(input.x), positions: input.positions }));
    return add(h, mlp(norm(h)));
  }),
);
const residual = <S extends readonly (string | number)[]>(a: Tensor<'float', S>, b: Tensor<'float', S>) => add(a, b);
v.same<ReturnType<typeof residual<readonly ['seq']>>, Tensor<'float', readonly ['seq']>>(true);

export default model('tiny', {
  dims: {
    batch: 1,
    seq: upTo(16),
    past: capacity(64),
    hidden: 8,
    ffn: 16,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    vocab: 32,
  },
  entries: {
    step: entry(
      {
        inputs: { input_ids: 'i32[batch seq]', position_ids: 'i32[batch seq]' },
        params: { 'embed.weight': 'float[vocab hidden]' },
      },
      ({ input_ids, position_ids }, p) => {
        let h = gather(p['embed.weight'], 'vocab', input_ids);
        for (const layer of layers) h = layer({ x: h, positions: position_ids });
        return { logits: linear(norm(h), p['embed.weight']) };
      },
    ),
  },
});
