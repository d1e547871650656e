import { type ModelDefinition, tap } from 'casement';
import qformer from './model.ts';

/** The Q-Former with its hidden states, and what its queries look at, as outputs; its definition knows nothing of it. */
export default (config: { readonly num_hidden_layers: number }): ModelDefinition => {
  const plain = qformer(config);
  const layer = 'qformer.encoder.layer';
  const states = [{ before: `${layer}.*.attention` }, { after: `${layer}.${config.num_hidden_layers - 1}` }];
  const looks = { attention: `${layer}.0.crossattention` };
  return {
    ...plain,
    build: (options) => {
      const withStates = tap(plain.build(options), { entry: 'forward', at: states, output: 'hidden_states' });
      return tap(withStates, { entry: 'forward', at: looks, output: 'cross_attention_probs' });
    },
  };
};
