import { nearest, type Quantization } from '@casement/ir';

/** What a model says about its own quantisation, whichever number of bits is built. */
export interface QuantizationSettings {
  /** Weights that share a scale: 16, 32 (the default), 64, 128 or 256. */
  readonly block?: number;
  /**
   * Bits for some weights, or `none` to leave them as they are; of several that fit, the last one counts. A key names a
   * weight (`lm_head`, `lm_head.weight`) or a block with all that is in it (`visual`, `model.layers.0`); `*` stands for
   * any text (`model.layers.*.mlp.down_proj`).
   */
  readonly overrides?: Readonly<Record<string, 4 | 8 | 'none'>>;
}

/**
 * The choice for each of `weights`: `base`, as `overrides` change it. Throws RangeError for an override that fits none
 * of them, with the name that is nearest.
 */
export function quantizationPolicy(
  base: Quantization,
  overrides: NonNullable<QuantizationSettings['overrides']>,
  weights: readonly string[],
): (weight: string) => Quantization | undefined {
  const rules = Object.entries(overrides).map(([pattern, bits]) => ({ pattern, bits, fits: matcher(pattern) }));
  const idle = rules.find(({ fits }) => !weights.some(fits));
  if (idle) {
    const near = nearest(idle.pattern, new Set(weights.flatMap(namesFor)));
    throw new RangeError(`the override "${idle.pattern}" fits no weight that can be quantised${near}`);
  }
  return (weight) => {
    const bits = rules.findLast(({ fits }) => fits(weight))?.bits ?? base.bits;
    return bits === 'none' ? undefined : { ...base, bits };
  };
}

/** A pattern fits a name and all that continues it after a dot. */
function matcher(pattern: string): (name: string) => boolean {
  const text = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${text.join('.*')}(\\..*)?$`);
  return (name) => expression.test(name);
}

/** All that an override could be meant to be: `a`, `a.b` and `a.b.weight` of the weight `a.b.weight`. */
function namesFor(weight: string): string[] {
  const parts = weight.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
}
