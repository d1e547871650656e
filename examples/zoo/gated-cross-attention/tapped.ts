import { withTaps } from '../shared/withTaps.ts';
import gatedCrossAttention from './model.ts';

export { golden } from './model.ts';

/** The decoder with its hidden states as outputs, those between a gated block and the next among them. */
export default (config: unknown) =>
  withTaps(
    gatedCrossAttention(config),
    {
      entry: 'forward',
      at: [{ before: 'model.gated_cross_attn_layers.0.input_layernorm' }, { after: 'model.layers.*' }],
      output: 'hidden_states',
    },
    { entry: 'forward', at: [{ after: 'model.gated_cross_attn_layers.*' }], output: 'after_gated_blocks' },
  );
