import {
  add,
  argMax,
  attention,
  attentionWeights,
  broadcastTo,
  concat,
  type Dim,
  entry,
  type GoldenScript,
  gather,
  gatherAlong,
  iota,
  linear,
  mergeHeads,
  mlp,
  model,
  reduceMean,
  reduceSum,
  reshape,
  rope,
  slice,
  sort,
  splitHeads,
  type Tensor,
  type TensorOf,
  topK,
  upTo,
} from 'casement';
import { tensorOf } from '../shared/decoding.ts';
import { dense, type Floats, rms, scoped } from '../shared/layers.ts';
import { readHimapConfig } from './config.ts';

type Rows<S extends Dim> = Floats<readonly ['batch', S, 'hidden']>;
type Positions<S extends Dim> = Tensor<'i32', readonly ['batch', S]>;

/** Image tokens that few look at are dropped between the blocks of a decoder, twice (HiMAP, arXiv 2503.13108). */
export default (config: unknown) => {
  const c = readHimapConfig(config);
  const eps = c.rms_norm_eps;
  const rotary = { theta: c.rope_theta, layout: 'half' } as const;
  const ff = mlp({ qkv: false, o: false, mlp: false });
  const bias = false;

  /** A plain Llama block over any number of rows; q and k are what its attention compares. */
  const layer = <S extends Dim>(index: number, x: Rows<S>, positions: Positions<S>) =>
    scoped(`model.layers.${index}`, x, (x) => {
      const n = rms(x, 'input_layernorm', eps);
      const heads = splitHeads(dense(n, 'self_attn.q_proj', 'heads*headDim', { bias }), 'heads', 'headDim');
      const keys = splitHeads(dense(n, 'self_attn.k_proj', 'kvHeads*headDim', { bias }), 'kvHeads', 'headDim');
      const v = splitHeads(dense(n, 'self_attn.v_proj', 'kvHeads*headDim', { bias }), 'kvHeads', 'headDim');
      const [q, k] = [rope(heads, positions, rotary), rope(keys, positions, rotary)];
      const mixed = mergeHeads(attention(q, k, v, { causal: true }), 'heads*headDim');
      const h = add(x, dense(mixed, 'self_attn.o_proj', 'hidden', { bias }));
      return { x: add(h, ff(rms(h, 'post_attention_layernorm', eps))), q, k };
    });

  /** Blocks `from` … `to` − 1; q and k of the last. */
  const layers = <S extends Dim>(from: number, to: number, x: Rows<S>, positions: Positions<S>) => {
    let last = layer(from, x, positions);
    for (let index = from + 1; index < to; index++) last = layer(index, last.x, positions);
    return last;
  };

  /** The rows of the system, the text and, of the image's `count`, those in `kept`; and their positions. */
  const keep = <K extends string>(
    x: Rows<Dim>,
    positions: Positions<Dim>,
    count: 'image' | 'keep1',
    kept: Positions<K>,
  ): { x: Rows<`seq-image+${K}`>; positions: Positions<`seq-image+${K}`> } => {
    const left = `seq-image+${kept.shape[1]}` as const;
    const all: Positions<Dim> = broadcastTo(iota(x, x.shape[1]), ['batch', x.shape[1]]);
    const system = slice(all, -1, { start: 0, size: 'system' });
    const image: Positions<Dim> = add(kept, c.system_length);
    const text = slice(all, -1, { start: `system+${count}`, size: 'seq-system-image' });
    const rows = concat([system, image, text], 'system', left);
    return {
      x: gatherAlong(x, -2, reshape(rows, ['batch', left, 1])),
      positions: gatherAlong(positions, -1, rows),
    };
  };

  const given = { input_ids: 'i32[batch seq]', image_embeds: 'float[batch image hidden]' } as const;
  const params = {
    'model.embed_tokens.weight': 'float[vocab hidden]',
    'lm_head.weight': 'float[vocab hidden]',
  } as const;

  /** Embedded ids, the image in place of its rows; positions 0 … T−1. */
  const embed = (
    { input_ids, image_embeds }: { readonly [K in keyof typeof given]: TensorOf<(typeof given)[K]> },
    table: TensorOf<'float[vocab hidden]'>,
  ) => {
    const words = gather(table, 'vocab', input_ids);
    const system = slice(words, 'seq', { start: 0, size: 'system' });
    const text = slice(words, 'seq', { start: 'system+image', size: 'seq-system-image' });
    const x = concat([system, image_embeds, text], 'system', 'seq');
    return { x, positions: broadcastTo(iota(x, 'seq'), ['batch', 'seq']) };
  };

  const speak = <S extends Dim>(x: Rows<S>, head: TensorOf<'float[vocab hidden]'>) => {
    const logits = linear(rms(x, 'model.norm', eps), head);
    const last = slice(logits, -2, { start: `${x.shape[1]}-1`, size: 1 });
    return { logits, next_token: reshape(argMax(last, 'vocab'), ['batch']) };
  };

  /** Drops image tokens before blocks K1 and K2. */
  const prune = entry({ inputs: given, params }, (inputs, p) => {
    const start = embed(inputs, p['model.embed_tokens.weight']);
    const first = layers(0, c.text_rank_layer, start.x, start.positions);

    // How much the text looks at each image token. The text is last: its rows are causal over all keys.
    const asking = slice(first.q, 'seq', { start: 'system+image', size: 'seq-system-image' });
    const asked = reduceMean(attentionWeights(asking, first.k, { causal: true }), 'heads');
    const scores1 = reduceSum(slice(asked, 'seq', { start: 'system', size: 'image' }), -2);
    const kept1 = sort(topK(scores1, 'image', 'keep1').indices, 'keep1');
    const rest = keep(first.x, start.positions, 'image', kept1);
    const second = layers(c.text_rank_layer, c.image_rank_layer, rest.x, rest.positions);

    // How much the image tokens that are left look at each other; none of them sees the text behind them.
    const looking = slice(second.q, 'seq-image+keep1', { start: 'system', size: 'keep1' });
    const before = slice(second.k, 'seq-image+keep1', { start: 0, size: 'system+keep1' });
    const looked = reduceMean(attentionWeights(looking, before, { causal: true }), 'heads');
    const scores2 = reduceSum(slice(looked, 'system+keep1', { start: 'system', size: 'keep1' }), -2);
    const kept2 = sort(topK(scores2, 'keep1', 'keep2').indices, 'keep2');
    const left = keep(second.x, rest.positions, 'keep1', kept2);
    const third = layers(c.image_rank_layer, c.num_hidden_layers, left.x, left.positions);

    return {
      scores_1: scores1,
      kept_1: add(kept1, c.system_length),
      positions_1: rest.positions,
      scores_2: scores2,
      kept_2: slice(left.positions, -1, { start: 'system', size: 'keep2' }),
      positions_2: left.positions,
      ...speak(third.x, p['lm_head.weight']),
    };
  });

  /** Keeps all, to compare with. */
  const whole = entry({ inputs: given, params }, (inputs, p) => {
    const { x, positions } = embed(inputs, p['model.embed_tokens.weight']);
    return speak(layers(0, c.num_hidden_layers, x, positions).x, p['lm_head.weight']);
  });

  return model('himap', {
    dims: {
      batch: 1,
      system: c.system_length,
      image: c.image_length,
      // The text's rows of attention are kept to rank by, so its length counts.
      seq: upTo(c.system_length + c.image_length + 512, { min: c.system_length + c.image_length + 1 }),
      keep1: c.text_rank_keep,
      keep2: c.image_rank_keep,
      vocab: c.vocab_size,
      hidden: c.hidden_size,
      ffn: c.intermediate_size,
      heads: c.num_attention_heads,
      kvHeads: c.num_key_value_heads,
      headDim: c.head_dim,
    },
    entries: { prune, whole },
  });
};

/** Both entries take the same inputs; a golden is of the one whose logits are as many. */
export const golden: GoldenScript = ({ run }, held) =>
  run('kept_1' in held ? 'prune' : 'whole', {
    input_ids: tensorOf(held, 'input_ids'),
    image_embeds: tensorOf(held, 'image_embeds'),
  });
