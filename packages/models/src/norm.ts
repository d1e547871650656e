import { block, rmsNorm } from '@casement/dsl';
import type { NormConfig } from './decoderConfig.ts';

/** An RMS norm with a weight of its own, under `name`. */
export function norm(name: string, config: NormConfig) {
  return block(name, { inputs: 'float[... hidden]', params: { weight: 'float[hidden]' } }, (x, p) =>
    rmsNorm(x, p.weight, config),
  );
}
