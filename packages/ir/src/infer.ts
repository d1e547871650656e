import { type Dim, sameDim } from './dim.ts';
import { isFloat } from './dtype.ts';
import { printShape, printType, sameShape, type TensorType } from './types.ts';

/** Checks the number of inputs and returns them; `from` ≤ count ≤ `to`. */
export function arity(inputs: readonly TensorType[], from: number, to = from): void {
  if (inputs.length >= from && inputs.length <= to) return;
  const wanted = from === to ? from : `${from} to ${to}`;
  throw new TypeError(`takes ${wanted} ${to === 1 ? 'input' : 'inputs'}, got ${inputs.length}`);
}

/** Input `index`; the caller has checked the number of inputs. */
export function inputAt<T>(inputs: readonly T[], index: number): T {
  const input = inputs[index];
  if (input === undefined) throw new TypeError(`input ${index} is missing`);
  return input;
}

export function requireFloat(...types: readonly TensorType[]): void {
  for (const type of types) {
    if (!isFloat(type.dtype)) throw new TypeError(`needs a float tensor, got ${printType(type)}`);
  }
}

export function requireDType(dtype: TensorType['dtype'], ...types: readonly TensorType[]): void {
  for (const type of types) {
    if (type.dtype !== dtype) throw new TypeError(`needs a tensor of ${dtype}, got ${printType(type)}`);
  }
}

export function requireSameDType(...types: readonly TensorType[]): void {
  const [first, ...rest] = types;
  for (const type of rest) {
    if (type.dtype !== first?.dtype) {
      throw new TypeError(`operands differ in dtype: ${types.map(printType).join(' and ')}; cast one of them`);
    }
  }
}

export function requireRank(type: TensorType, rank: number, what: string): void {
  if (type.shape.length !== rank) {
    throw new TypeError(`${what} has ${type.shape.length} axes, ${printType(type)}, but ${rank} are needed`);
  }
}

/** `what` says which sizes these are, e.g. "the weight's inputs". */
export function requireSameDim(a: Dim, b: Dim, what: string): void {
  if (!sameDim(a, b)) throw new TypeError(`${what} must be equal, got ${a} and ${b}`);
}

export function requireShape(type: TensorType, shape: readonly Dim[], what: string): void {
  if (!sameShape(type.shape, shape)) {
    throw new TypeError(`${what} must have shape ${printShape(shape)}, got ${printType(type)}`);
  }
}

/** A possibly negative axis as a non-negative one. */
export function axisOf(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    throw new TypeError(`axis ${axis} is out of range for a tensor with ${rank} axes`);
  }
  return resolved;
}

/** Size along an axis that is known to exist. */
export function dimAt(shape: readonly Dim[], axis: number): Dim {
  const dim = shape[axis];
  if (dim === undefined) throw new TypeError(`axis ${axis} does not exist in ${printShape(shape)}`);
  return dim;
}

/** NumPy broadcasting: shapes are aligned at their last axis, and a literal 1 stretches. */
export function broadcastShapes(...shapes: readonly (readonly Dim[])[]): readonly Dim[] {
  return shapes.reduce((a, b) => {
    const rank = Math.max(a.length, b.length);
    return Array.from({ length: rank }, (_, axis) => {
      const x = a[axis - rank + a.length] ?? 1;
      const y = b[axis - rank + b.length] ?? 1;
      if (sameDim(x, y) || y === 1) return x;
      if (x === 1) return y;
      throw new TypeError(`shapes ${shapes.map(printShape).join(' and ')} do not broadcast: ${x} and ${y} differ`);
    });
  });
}

/** Floats and i32: what +, −, × and comparisons work on. */
export function requireArithmetic(type: TensorType): void {
  if (!isFloat(type.dtype) && type.dtype !== 'i32') {
    throw new TypeError(`needs floats or i32, got ${printType(type)}; cast it first`);
  }
}
