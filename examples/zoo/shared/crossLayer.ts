import {
  add,
  attention,
  block,
  broadcastTo,
  cast,
  type Dim,
  floor,
  gather,
  iota,
  less,
  lessOrEqual,
  linear,
  mergeHeads,
  mlp,
  mul,
  norm,
  not,
  or,
  projections,
  reduceSum,
  reshape,
  rmsNorm,
  splitHeads,
  type Tensor,
  tanh,
  when,
} from 'casement';
import { type Llama, llamaOptions } from './llama.ts';

export interface CrossOptions {
  /** Rows see the tiles of images that a mask names, each of as many keys. Absent: all rows see all keys. */
  readonly tokensPerTile?: number;
  /** What the number of an image's keys is called in a whole pass; `keys` unless given. */
  readonly keys?: string;
}

/** The inputs of a whole pass that stand for the image. */
export function imageInputs({ tokensPerTile, keys = 'keys' }: CrossOptions) {
  const masked = tokensPerTile !== undefined;
  return {
    // Whatever it is called, it is the same in all of them.
    y: `float[samples ${keys} hidden]` as 'float[samples keys hidden]',
    visible: when(masked, `bool[samples 1 seq ${keys}]` as 'bool[samples 1 seq keys]'),
    sees: when(masked, 'bool[samples seq 1]'),
  } as const;
}

/**
 * A layer that reads an image y, without self-attention (Llama 3.2 Vision). No rotary positions; y is not normed.
 *
 *     x ← x + tanh(g_a)·o MHA(RMS_q(q n x) | RMS_k(k y), v y)      RMS_q, RMS_k per head
 *     x ← x + tanh(g_m)·r·MLP(n' x)                                r(t) = 1 if row t sees a key, else 0
 *
 * `forward` takes y itself, `open` puts its keys and values into a cache, where `step` reads them.
 */
export function crossLayer(c: Llama, index: number, crossOptions: CrossOptions) {
  const { tokensPerTile } = crossOptions;
  const { y, visible, sees } = imageInputs(crossOptions);
  const name = `layers.${index}`;
  const masked = tokensPerTile !== undefined;
  const options = llamaOptions(c);
  const n = norm('input_layernorm', options.norm);
  const nPrime = norm('post_attention_layernorm', options.norm);
  const ff = mlp(options.bias);
  const gates = { cross_attn_attn_gate: 'float[1]', cross_attn_mlp_gate: 'float[1]' } as const;
  const params = {
    ...projections(options.bias),
    'q_norm.weight': 'float[headDim]',
    'k_norm.weight': 'float[headDim]',
  } as const;
  const state = { image: 'kv[batch window kvHeads headDim]' } as const;

  const wholeAttention = block(
    'cross_attn',
    {
      inputs: { x: 'float[samples seq hidden]', y, visible },
      params,
    },
    ({ x, y, visible }, p) => {
      const q = rmsNorm(
        splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim'),
        p['q_norm.weight'],
        options.norm,
      );
      const k = rmsNorm(
        splitHeads(linear(y, p['k_proj.weight']), 'kvHeads', 'headDim'),
        p['k_norm.weight'],
        options.norm,
      );
      const v = splitHeads(linear(y, p['v_proj.weight']), 'kvHeads', 'headDim');
      const mixed = attention(q, k, v, { causal: false, ...(visible ? { mask: visible } : {}) });
      return { read: linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight']), k, v };
    },
  );

  const forward = block(
    name,
    {
      inputs: { x: 'float[samples seq hidden]', y, visible, sees },
      params: gates,
    },
    ({ x, y, visible, sees }, p) => {
      const { read, k, v } = wholeAttention({ x: n(x), y, visible });
      const h = add(x, mul(read, tanh(p.cross_attn_attn_gate)));
      const change = mul(ff(nPrime(h)), tanh(p.cross_attn_mlp_gate));
      return { x: add(h, sees ? mul(change, cast(sees, 'float')) : change), k, v };
    },
  );

  const openAttention = block(
    'cross_attn',
    { inputs: { y: 'float[batch keys hidden]' }, params, state },
    ({ y, image }, p) => {
      const k = rmsNorm(
        splitHeads(linear(y, p['k_proj.weight']), 'kvHeads', 'headDim'),
        p['k_norm.weight'],
        options.norm,
      );
      image.clear();
      image.append(k, splitHeads(linear(y, p['v_proj.weight']), 'kvHeads', 'headDim'));
    },
  );
  const open = block(name, { inputs: { y: 'float[batch keys hidden]' } }, ({ y }) => openAttention({ y }));

  const tiles = when(masked, 'bool[batch seq images*tiles]');
  const cachedAttention = block(
    'cross_attn',
    { inputs: { x: 'float[batch seq hidden]', tiles }, params, state },
    ({ x, tiles, image }, p) => {
      const q = rmsNorm(
        splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim'),
        p['q_norm.weight'],
        options.norm,
      );
      const seen =
        tiles && tokensPerTile !== undefined
          ? seenKeys(tiles, image.keys, 'window', tokensPerTile)
          : broadcastTo(lessOrEqual(0, iota(image.keys, 'window')), ['batch', 'seq', 'window']);
      const mixed = attention(q, image, { causal: false, mask: visibleKeys(seen) });
      return { read: linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight']), sees: seesAny(seen) };
    },
  );
  const step = block(name, { inputs: { x: 'float[batch seq hidden]', tiles }, params: gates }, ({ x, tiles }, p) => {
    const { read, sees } = cachedAttention({ x: n(x), tiles });
    const h = add(x, mul(read, tanh(p.cross_attn_attn_gate)));
    return add(h, mul(mul(ff(nPrime(h)), tanh(p.cross_attn_mlp_gate)), cast(sees, 'float')));
  });
  return { forward, open, step };
}

type Seen<B extends Dim, S extends Dim, K extends Dim> = Tensor<'bool', readonly [B, S, K]>;

/** Which keys rows see: key i is of tile ⌊i/tokensPerTile⌋. `keys` is any tensor with the dim `key`. */
export function seenKeys<B extends Dim, S extends Dim, T extends Dim, const K extends string>(
  tiles: Tensor<'bool', readonly [B, S, T]>,
  keys: Tensor<'float', readonly [Dim, K, ...Dim[]]>,
  key: K,
  tokensPerTile: number,
): Seen<B, S, K> {
  const middle = add(cast(iota(keys, key), 'f32'), 0.5); // whole multiples might be rounded down
  const tile = cast(floor(mul(middle, 1 / tokensPerTile)), 'i32');
  return gather(tiles, -1, tile);
}

/** A row that sees nothing attends to all keys, as transformers computes it. */
export function visibleKeys<B extends Dim, S extends Dim, K extends Dim>(
  seen: Seen<B, S, K>,
): Tensor<'bool', readonly [B, 1, S, K]> {
  const [batch, seq, key] = seen.shape;
  const all: Tensor<'bool'> = seen;
  const none: Tensor<'bool'> = not(seesAny(seen));
  return reshape(or(all, none), [batch, 1, seq, key]);
}

/** Whether a row sees any key: r(t), [batch seq 1]. */
export function seesAny<B extends Dim, S extends Dim, K extends Dim>(seen: Seen<B, S, K>): Seen<B, S, 1> {
  const count = reduceSum(cast(seen, 'i32'), -1, { keepDims: true });
  return less(0, count);
}
