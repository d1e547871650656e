import { withTaps } from '../shared/withTaps.ts';
import ageVlm from './model.ts';

export { golden } from './model.ts';

/** The model with the encoder's last feature map and the decoder's hidden states as outputs. */
export default (config: unknown) => {
  const decoder = 'language_model.model';
  return withTaps(
    ageVlm(config),
    { entry: 'forward', at: { after: 'vision_model' }, output: 'feature_map' },
    {
      entry: 'forward',
      at: [{ before: `${decoder}.layers.*.input_layernorm` }, { before: `${decoder}.norm` }],
      output: 'hidden_states',
    },
  );
};
