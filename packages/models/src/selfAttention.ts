import { attention, block, linear, mergeHeads, rope, splitHeads } from '@casement/dsl';
import type { DecoderConfig } from './decoderConfig.ts';
import { positionsOf } from './positions.ts';
import { projections } from './projections.ts';

/** SA(x_T) = MHA(x_T | x_1 … x_T): the whole text, causal, with rotary positions. */
export function selfAttention(c: Pick<DecoderConfig, 'bias' | 'rope'>) {
  return block(
    'self_attn',
    {
      inputs: { x: 'float[batch seq hidden]', positions: positionsOf(c.rope, 'seq') },
      params: projections(c.bias),
      state: { past_key_values: 'kv[batch past kvHeads headDim]' },
    },
    ({ x, positions, past_key_values }, p) => {
      const q = splitHeads(linear(x, p['q_proj.weight'], p['q_proj.bias']), 'heads', 'headDim');
      const k = splitHeads(linear(x, p['k_proj.weight'], p['k_proj.bias']), 'kvHeads', 'headDim');
      const v = splitHeads(linear(x, p['v_proj.weight'], p['v_proj.bias']), 'kvHeads', 'headDim');
      past_key_values.append(rope(k, positions, c.rope), v);
      const mixed = attention(rope(q, positions, c.rope), past_key_values, { causal: true });
      return linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight'], p['o_proj.bias']);
    },
  );
}
