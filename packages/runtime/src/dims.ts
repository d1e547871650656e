import { RuntimeError } from './error.ts';
import type { EntrySignature, PlanSignature, Size } from './format/plan.ts';
import { type DimValues, evaluateSize, printSize, printTensor } from './size.ts';
import type { HostTensors } from './tensor.ts';

/**
 * Values of all dims of a run, from the shapes of its inputs and the lengths of the states; of dims that the run counts
 * the most that they can be.
 * Throws RuntimeError when a shape does not fit, a dim leaves its bounds, or a state would outgrow its capacity.
 */
export function bindDims(
  signature: PlanSignature,
  entryName: string,
  entry: EntrySignature,
  inputs: HostTensors,
  lengths: DimValues,
): DimValues {
  const values = new Map(lengths);
  const sizes = Object.entries(entry.inputs).flatMap(([name, { dtype, shape }]) => {
    const given = inputs[name]?.shape ?? [];
    const where = `${entryName}: input "${name}" must be ${printTensor(dtype, shape)}, got [${given.join(' ')}]`;
    if (given.length !== shape.length) throw new RuntimeError('call', where);
    return shape.map((size, axis) => ({ size, given: given[axis] ?? 0, where }));
  });
  // Plain names first: they give expressions such as h*w/4 their values.
  for (const { size, given } of sizes) {
    const name = plainName(size);
    if (name !== undefined && !values.has(name)) values.set(name, given);
  }
  for (const { size, given, where } of sizes) {
    const wanted = evaluate(size, values, where);
    if (wanted !== given) throw new RuntimeError('call', `${where}: ${printSize(size)} is ${wanted}`);
  }
  // Only the run will tell how many there are, so there must be room for the most.
  for (const [name, most] of Object.entries(entry.counted ?? {})) values.set(name, evaluateSize(most, values));
  for (const [name, value] of values) checkBounds(signature, entryName, name, value);
  checkCapacities(signature, entryName, lengthsAfter(entry, values));
  return values;
}

/** Lengths of the growing dims that the entry changes. */
export function lengthsAfter(entry: EntrySignature, values: DimValues): DimValues {
  return new Map(Object.entries(entry.lengths).map(([dim, size]) => [dim, evaluateSize(size, values)]));
}

function plainName(size: Size): string | undefined {
  if (typeof size === 'number' || size.over !== 1 || size.sum.length !== 1) return undefined;
  const [term] = size.sum;
  const [coefficient, factor, ...more] = term ?? [];
  return coefficient === 1 && typeof factor === 'string' && more.length === 0 ? factor : undefined;
}

function evaluate(size: Size, values: DimValues, where: string): number {
  try {
    return evaluateSize(size, values);
  } catch (error) {
    throw new RuntimeError('call', where, { cause: error });
  }
}

function checkBounds(signature: PlanSignature, entry: string, name: string, value: number): void {
  const bounds = signature.dims[name];
  if (bounds === undefined) throw new RuntimeError('source', `${entry}: the plan does not declare the dim "${name}"`);
  if (value < bounds.min || value > bounds.max) {
    throw new RuntimeError('call', `${entry}: ${name} is ${value}, outside ${bounds.min} … ${bounds.max}`);
  }
  if (value % bounds.multipleOf !== 0) {
    throw new RuntimeError('call', `${entry}: ${name} is ${value}, not a multiple of ${bounds.multipleOf}`);
  }
}

/** Throws RuntimeError when states would hold more than they have room for. */
export function checkCapacities(signature: PlanSignature, entry: string, after: DimValues): void {
  for (const [name, length] of after) {
    const capacity = signature.dims[name]?.max ?? 0;
    if (length > capacity) {
      throw new RuntimeError(
        'call',
        `${entry}: the states counted by "${name}" hold ${capacity} positions, ${length} are needed; ` +
          'build with a larger capacity or reset them',
      );
    }
  }
}
