import type { DimBounds } from '@casement/ir';

/**
 * A size that is known when the model runs. `capacity`: it counts the positions that a state holds; `dataDependent`: the
 * run itself counts it.
 */
export interface RuntimeDim extends DimBounds {
  readonly kind: 'upTo' | 'capacity' | 'dataDependent';
}

/** The sizes of a model by name: a number, or `upTo` or `capacity`. */
export interface DimDeclarations {
  readonly [name: string]: number | RuntimeDim;
}

/**
 * A size between 1 (or `min`) and `max` that inputs decide, such as the length of a prompt; with `multipleOf`, only
 * multiples of it. Throws RangeError when no size fits.
 */
export function upTo(max: number, { min = 1, multipleOf = 1 }: { min?: number; multipleOf?: number } = {}): RuntimeDim {
  const whole = [min, max, multipleOf].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!whole || multipleOf === 0 || Math.floor(max / multipleOf) * multipleOf < min) {
    throw new RangeError(`upTo(${max}): no whole number from ${min} to ${max} is a multiple of ${multipleOf}`);
  }
  return { kind: 'upTo', min, max, multipleOf };
}

/**
 * A size that a run counts itself, from 0 to `max`: how many rows `nonZero` or `compress` keep. Throws RangeError when
 * `max` is not > 0.
 */
export function dataDependent(max: number): RuntimeDim {
  if (!Number.isSafeInteger(max) || max <= 0)
    throw new RangeError(`dataDependent(${max}): give a whole number above 0`);
  return { kind: 'dataDependent', min: 0, max, multipleOf: 1 };
}

/** The length of states that hold at most `max` positions and start empty. Throws RangeError when `max` is not > 0. */
export function capacity(max: number): RuntimeDim {
  if (!Number.isSafeInteger(max) || max <= 0) throw new RangeError(`capacity(${max}): give a whole number above 0`);
  return { kind: 'capacity', min: 0, max, multipleOf: 1 };
}
