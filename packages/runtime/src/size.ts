import type { Size, SizeFactor, SizeTerm } from './format/plan.ts';

export type DimValues = ReadonlyMap<string, number>;

/** The size under these values. Throws RangeError when a dim has none. */
export function evaluateSize(size: Size, dims: DimValues): number {
  if (typeof size === 'number') return size;
  const factorValue = (factor: SizeFactor) =>
    typeof factor === 'string' ? valueIn(factor, dims) : Math.floor(evaluateSize(factor.floor, dims));
  const product = ([coefficient, ...factors]: SizeTerm) =>
    factors.reduce<number>((value, factor) => value * factorValue(factor), coefficient);
  return size.sum.reduce((total, term) => total + product(term), 0) / size.over;
}

/** The dims that a size depends on. */
export function dimsOf(size: Size): readonly string[] {
  if (typeof size === 'number') return [];
  return size.sum.flatMap(([, ...factors]) =>
    factors.flatMap((factor) => (typeof factor === 'string' ? [factor] : dimsOf(factor.floor))),
  );
}

/** `past + seq`, `h*w/4`. */
export function printSize(size: Size): string {
  if (typeof size === 'number') return String(size);
  const terms = size.sum.map(([coefficient, ...factors], i) => {
    const names = factors.map((it) => (typeof it === 'string' ? it : `floor(${printSize(it.floor)})`));
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
