import { attention, block, linear, mergeHeads, rope, splitHeads, when } from '@casement/dsl';
import type { DecoderConfig } from './decoderConfig.ts';
import { type FusionLayers, usesPositions } from './fusion.ts';
import { positionsOf } from './positions.ts';
import { projections } from './projections.ts';

/**
 * The fusion layer F of a block, in two parts that share params and the window's cache.
 *
 *     CASA(x_T) = MHA(x_T | y_1 … y_N, x_K+1 … x_T)    causal over a cache that starts with the image
 *     CA(x_T)   = MHA(x_T | y_1 … y_N)                  zero without an image
 */
export function fusionLayer(c: DecoderConfig, fusion: FusionLayers) {
  // A layer of its own has biases on q, k and v only; a shared one is the block's self-attention under another mask.
  const name = fusion.shared ? 'self_attn' : 'casa_attn';
  const params = projections(fusion.shared ? c.bias : { qkv: c.bias.qkv, o: false });
  const state = { window: 'kv[batch window kvHeads headDim]' } as const;
  const overText = fusion.attention === 'casa';
  const imagePositions = when(usesPositions(fusion), positionsOf(c.rope, 'image'));

  /** Starts a window: the image's keys and values, and nothing of the window before. Image tokens are not normed. */
  const open = block(
    name,
    { inputs: { y: 'float[batch image hidden]', positions: imagePositions }, params, state },
    ({ y, positions, window }, p) => {
      const k = splitHeads(linear(y, p['k_proj.weight'], p['k_proj.bias']), 'kvHeads', 'headDim');
      const v = splitHeads(linear(y, p['v_proj.weight'], p['v_proj.bias']), 'kvHeads', 'headDim');
      window.clear();
      window.append(positions ? rope(k, positions, c.rope) : k, v);
      return {};
    },
  );

  /** F(x, y) for text of the current window. */
  const attend = block(
    name,
    { inputs: { x: 'float[batch seq hidden]', positions: positionsOf(c.rope, 'seq') }, params, state },
    ({ x, positions, window }, p) => {
      const q = splitHeads(linear(x, p['q_proj.weight'], p['q_proj.bias']), 'heads', 'headDim');
      const casa = () => {
        const k = splitHeads(linear(x, p['k_proj.weight'], p['k_proj.bias']), 'kvHeads', 'headDim');
        const v = splitHeads(linear(x, p['v_proj.weight'], p['v_proj.bias']), 'kvHeads', 'headDim');
        window.append(rope(k, positions, c.rope), v);
        return attention(rope(q, positions, c.rope), window, { causal: true });
      };
      const ca = () => attention(q, window, { causal: false });
      const mixed = overText ? casa() : ca();
      return linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight'], p['o_proj.bias']);
    },
  );
  return { open, attend };
}
