import type { Optional, Signature } from './signature.ts';

/**
 * Declares a param or an input only if `present`: `bias: when(config.attention_bias, 'float[hidden]')`. In the body it is
 * `Tensor | undefined`, which `linear` takes as it is.
 */
export function when<const S extends Signature>(present: boolean, signature: S): Optional<S> {
  return { present, signature };
}
