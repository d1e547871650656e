import { attention, block, linear, mergeHeads, mul, projections, rope, splitHeads, tanh } from 'casement';

const params = { ...projections({ qkv: false, o: false }), gate: 'float[1]' } as const;
const state = { window: 'kv[batch window kvHeads headDim]' } as const;
const turn = { theta: 10000, layout: 'half' } as const;

/**
 * My fusion layer: CASA behind a gate, as Flamingo has it. Training starts from the language model as it was (g = 0) and
 * opens the gate as far as images help.
 *
 *     F(x_T) = tanh(g) · o MHA(q x_T | k [y, x], v [y, x])      y: the newest image; x: the text since it, up to x_T
 */
export const gatedFusion = {
  /** A new image: its keys and values are all that the window holds. */
  open: block(
    'gated_attn',
    { inputs: { y: 'float[batch image hidden]', positions: 'i32[batch image]' }, params, state },
    ({ y, positions, window }, p) => {
      window.clear();
      window.append(
        rope(splitHeads(linear(y, p['k_proj.weight']), 'kvHeads', 'headDim'), positions, turn),
        splitHeads(linear(y, p['v_proj.weight']), 'kvHeads', 'headDim'),
      );
      return {};
    },
  ),
  /** Text: it joins the window and attends to all that is in it before. */
  attend: block(
    'gated_attn',
    { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' }, params, state },
    ({ x, positions, window }, p) => {
      const q = rope(splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim'), positions, turn);
      const k = rope(splitHeads(linear(x, p['k_proj.weight']), 'kvHeads', 'headDim'), positions, turn);
      window.append(k, splitHeads(linear(x, p['v_proj.weight']), 'kvHeads', 'headDim'));
      const mixed = mergeHeads(attention(q, window, { causal: true }), 'heads*headDim');
      return mul(linear(mixed, p['o_proj.weight']), tanh(p.gate));
    },
  ),
};
