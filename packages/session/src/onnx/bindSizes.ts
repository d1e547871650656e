import { InputError } from '../check.ts';
import type { HostTensors, ModelSignature } from '../executor.ts';
import { evaluateSize } from './evaluateSize.ts';

/**
 * Values of all dims of a call whose inputs have the right ranks: from the inputs' shapes and the states' lengths; of
 * dims that the run counts the most that they can be.
 * Throws InputError when two sizes under one name differ, a dim leaves its bounds, or a cache would overflow.
 */
export function bindSizes(
  signature: ModelSignature,
  entry: string,
  inputs: HostTensors,
  lengths: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const dims = new Map(lengths);
  const sizes = (signature.entries[entry]?.inputs ?? []).flatMap(({ name, dtype, shape }) => {
    const given = inputs[name]?.shape ?? [];
    const where = `${entry}: input "${name}" must be ${dtype}[${shape.join(', ')}], got [${given.join(', ')}]`;
    return shape.map((size, axis) => ({ size, given: given[axis] ?? 0, where }));
  });
  // Plain names first: they give expressions such as h*w/4 their values.
  for (const { size, given } of sizes) {
    if (typeof size === 'string' && Object.hasOwn(signature.dims, size) && !dims.has(size)) dims.set(size, given);
  }
  for (const { size, given, where } of sizes) {
    const wanted = sizeOrRefuse(size, dims, where);
    if (wanted !== given) throw new InputError(`${where}: ${size} is ${wanted}`);
  }
  for (const [name, value] of dims) checkBounds(signature, entry, name, value);
  // Only the run will tell how many there are, so there must be room for the most.
  for (const [name, most] of Object.entries(signature.entries[entry]?.counted ?? {})) {
    dims.set(name, evaluateSize(most, dims));
  }
  return dims;
}

/** Lengths after the call. Throws InputError when a capacity is exceeded. */
export function lengthsAfter(
  signature: ModelSignature,
  entry: string,
  dims: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const changes = Object.entries(signature.entries[entry]?.lengths ?? {});
  const after = new Map(changes.map(([name, size]) => [name, evaluateSize(size, dims)]));
  for (const { dim, capacity } of signature.states) {
    const length = after.get(dim) ?? 0;
    if (length > capacity) {
      throw new InputError(
        `${entry}: the states counted by "${dim}" hold ${capacity} positions, ${length} are needed; ` +
          'build with a larger capacity or reset them',
      );
    }
  }
  return after;
}

function sizeOrRefuse(size: number | string, dims: ReadonlyMap<string, number>, where: string): number {
  try {
    return evaluateSize(size, dims);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`${where}: ${error.message}`);
  }
}

function checkBounds({ dims }: ModelSignature, entry: string, name: string, value: number): void {
  const bounds = dims[name];
  if (bounds === undefined) throw new InputError(`${entry}: dim "${name}" is not declared by the model`);
  if (value < bounds.min || value > bounds.max) {
    throw new InputError(`${entry}: ${name} is ${value}, outside ${bounds.min} … ${bounds.max}`);
  }
  if (value % bounds.multipleOf !== 0) {
    throw new InputError(`${entry}: ${name} is ${value}, not a multiple of ${bounds.multipleOf}`);
  }
}
