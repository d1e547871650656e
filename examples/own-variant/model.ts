import { add, block, capacity, entry, gather, linear, mlp, model, norm, selfAttention, upTo } from 'casement';
import { gatedFusion } from './gatedFusion.ts';

const bias = { qkv: false, o: false, mlp: false };
const rms = { eps: 1e-6, scaleInF32: false };
const rope = { theta: 10000, layout: 'half' } as const;

/** A block of the decoder: the fusion layer stands between self-attention and MLP, with a norm of its own. */
function layer(index: number) {
  const name = `layers.${index}`;
  const attend = selfAttention({ bias, rope });
  const [n, nFusion, nMlp] = [norm('input_norm', rms), norm('fusion_norm', rms), norm('mlp_norm', rms)];
  const ff = mlp(bias);
  return {
    forward: block(
      name,
      { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } },
      ({ x, positions }) => {
        const read = add(x, attend({ x: n(x), positions }));
        const fused = add(read, gatedFusion.attend({ x: nFusion(read), positions }));
        return add(fused, ff(nMlp(fused)));
      },
    ),
    openWindow: block(
      name,
      { inputs: { y: 'float[batch image hidden]', positions: 'i32[batch image]' } },
      ({ y, positions }) => gatedFusion.open({ y, positions }),
    ),
  };
}

const layers = [0, 1, 2].map(layer);
const last = norm('norm', rms);

/** The next text tokens, and the logits of those that `logits_to_keep` names. */
const step = entry(
  {
    inputs: { input_ids: 'i32[batch seq]', position_ids: 'i32[batch seq]', logits_to_keep: 'i32[kept]' },
    params: { 'embed.weight': 'float[vocab hidden]', 'lm_head.weight': 'float[vocab hidden]' },
  },
  ({ input_ids, position_ids: positions, logits_to_keep }, p) => {
    const embedded = gather(p['embed.weight'], 'vocab', input_ids);
    const x = layers.reduce((x, { forward }) => forward({ x, positions }), embedded);
    return { logits: linear(last(gather(x, 'seq', logits_to_keep)), p['lm_head.weight']) };
  },
);

/** A new image for every layer. */
const openWindow = entry(
  { inputs: { image_embeds: 'float[batch image hidden]', image_position_ids: 'i32[batch image]' } },
  ({ image_embeds: y, image_position_ids: positions }) => {
    for (const layer of layers) layer.openWindow({ y, positions });
    return {};
  },
);

export default model('own-variant', {
  dims: {
    batch: 1,
    vocab: 97,
    hidden: 48,
    ffn: 80,
    heads: 6,
    kvHeads: 2,
    headDim: 8,
    // How much fits into one run, into the caches and into one image, in tokens.
    seq: upTo(64),
    kept: upTo(64, { min: 0 }),
    past: capacity(512),
    window: capacity(256),
    image: upTo(128),
  },
  entries: { step, openWindow },
});
