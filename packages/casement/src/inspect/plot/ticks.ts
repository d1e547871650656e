/** Round steps that people count in, within a decade. */
const STEPS = [1, 2, 2.5, 5, 10];

/** A unit to count in: `size` of the plain unit make one. */
export interface Unit {
  readonly size: number;
  readonly name: string;
}

const DECIMAL = unitsOf(1000, ['', 'k', 'M', 'G', 'T', 'P', 'E']);
const BINARY = unitsOf(1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);

/** The largest unit of which `value` has at least one. */
export function unitFor(value: number, kind: 'decimal' | 'bytes'): Unit {
  const units = kind === 'bytes' ? BINARY : DECIMAL;
  return units.findLast(({ size }) => value >= size) ?? { size: 1, name: units[0]?.name ?? '' };
}

/** From 0 to the first round number that is not below `max`, in about `count` round steps. */
export function ticks(max: number, count: number): number[] {
  if (!(max > 0)) return [0];
  const decade = 10 ** Math.floor(Math.log10(max / count));
  const step = decade * (STEPS.find((candidate) => candidate * decade * count >= max) ?? 10);
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, index) => index * step);
}

function unitsOf(base: number, names: readonly string[]): readonly Unit[] {
  return names.map((name, power) => ({ size: base ** power, name }));
}
