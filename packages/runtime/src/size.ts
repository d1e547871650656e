import type { Size, SizeTerm } from './format/plan.ts';

export type DimValues = ReadonlyMap<string, number>;

/** The size under these values. Throws RangeError when a dim has none. */
export function evaluateSize(size: Size, dims: DimValues): number {
  if (typeof size === 'number') return size;
  const product = ([coefficient, ...names]: SizeTerm) =>
    names.reduce((value, name) => value * valueIn(name, dims), coefficient);
  return size.sum.reduce((total, term) => total + product(term), 0) / size.over;
}

/** `past + seq`, `h*w/4`. */
export function printSize(size: Size): string {
  if (typeof size === 'number') return String(size);
  const terms = size.sum.map(([coefficient, ...names], i) => {
    const factor = Math.abs(coefficient);
    const sign = coefficient < 0 ? '-' : i > 0 ? '+' : '';
    return sign + (factor === 1 && names.length > 0 ? names : [factor, ...names]).join('*');
  });
  const sum = terms.join('');
  if (size.over === 1) return sum;
  return terms.length === 1 ? `${sum}/${size.over}` : `(${sum})/${size.over}`;
}

/** `f32[batch seq 64]`. */
export function printTensor(dtype: string, shape: readonly Size[]): string {
  return `${dtype}[${shape.map(printSize).join(' ')}]`;
}

function valueIn(name: string, dims: DimValues): number {
  const value = dims.get(name);
  if (value === undefined) throw new RangeError(`dim "${name}" has no value`);
  return value;
}
