import { type Dim, divDims } from '@casement/ir';
import type { Width } from './access.ts';

/** The words in which a kernel is written for one float at a time or for four. */
export interface Lanes {
  readonly width: Width;
  readonly type: string;
  readonly zero: string;
  /** The sum of the lanes of a value with a name. */
  readonly total: (name: string) => string;
}

export function lanesOf(width: Width): Lanes {
  return width === 1
    ? { width, type: 'f32', zero: '0.0', total: (name) => name }
    : { width, type: 'vec4f', zero: 'vec4f()', total: (name) => `(${name}.x + ${name}.y) + (${name}.z + ${name}.w)` };
}

/** `size` elements as groups of `width`. Throws RangeError when they do not come out even. */
export function exactGroups(size: Dim, width: Width): Dim {
  const groups = divDims(size, width);
  const whole = typeof groups === 'number' ? Number.isInteger(groups) : groups?.divisor === 1;
  if (groups === undefined || !whole) throw new RangeError(`${size} elements do not split into groups of ${width}`);
  return groups;
}

/** The rule under which a kernel may take four elements at a time: a fixed size that is a multiple of four. */
export function splitsByFour(size: Dim | undefined): boolean {
  return typeof size === 'number' && size % 4 === 0;
}
