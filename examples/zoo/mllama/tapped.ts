import { withTaps } from '../shared/withTaps.ts';
import mllama from './model.ts';

export { golden } from './model.ts';

/** The decoder with its hidden states as an output: what enters each layer, and what the last one gives. */
export default (config: unknown) =>
  withTaps(mllama(config), {
    entry: 'forward',
    at: [{ before: 'model.layers.*.input_layernorm' }, { before: 'model.norm' }],
    output: 'hidden_states',
  });
