import { type Dim, isSymbolic, ops, upperBound, type Value } from '@casement/ir';
import { type Bounded, choose, DIMS, isSmall, lastDim, SIZES, type Sketch, type Step } from './sketch.ts';

const isMatrix = (value: Value) => value.type.shape.length >= 2;
const fixedLast = (value: Value) => typeof lastDim(value) === 'number' && lastDim(value) !== 0;

export const linear: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => isMatrix(value) && fixedLast(value));
  return x && project(sketch, x, choose(SIZES, b), n);
};

/** x·Wᵀ, with a bias when `which` is odd. */
export function project(sketch: Sketch, x: Bounded, out: number, which: number): Bounded {
  const size = Number(lastDim(x.value));
  const weight = sketch.shared.param([out, size], which % 3);
  const bias = which % 2 === 1 ? [sketch.shared.param([out])] : [];
  return { value: sketch.emit(ops.linear, [x.value, weight, ...bias], {}), bound: x.bound * size + 1 };
}

/** x times a weight, or x·xᵀ. */
export const matmul: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => isMatrix(value));
  const { shape } = x?.value.type ?? { shape: [] };
  const size = shape.at(-1);
  if (!x || size === undefined) return undefined;
  if (n % 2 === 0 && typeof size === 'number') {
    const weight = sketch.shared.param([size, choose(SIZES, b)]);
    return { value: sketch.emit(ops.matmul, [x.value, weight], {}), bound: x.bound * size };
  }
  const rows = shape.at(-2) ?? 1;
  if (!isSmall([...shape.slice(0, -1), rows])) return undefined;
  const perm = shape.map((_, axis) => axis);
  perm.splice(-2, 2, perm.length - 1, perm.length - 2);
  const turned = sketch.emit(ops.transpose, [x.value], { perm });
  return { value: sketch.emit(ops.matmul, [x.value, turned], {}), bound: x.bound ** 2 * largest(size) };
};

function largest(dim: Dim): number {
  return upperBound(dim, DIMS);
}

/** Coarse eps, so that a row of noise is not blown up to a row of ones. */
export const norm: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, fixedLast);
  if (!x) return undefined;
  const size = Number(lastDim(x.value));
  const weight = sketch.shared.param([size], n % 2);
  const bound = Math.sqrt(size) + 1;
  if (b % 2 === 1) {
    const bias = sketch.shared.param([size]);
    return { value: sketch.emit(ops.layerNorm, [x.value, weight, bias], { eps: 1e-2 }), bound };
  }
  return { value: sketch.emit(ops.rmsNorm, [x.value, weight], { eps: 1e-3, scaleInF32: n % 2 === 0 }), bound };
};

const hasAxis = (value: Value) => value.type.shape.length > 0;

/** Along any axis; one that may be empty has no softmax, mean or maximum, but no step makes such a value. */
export const softmax: Step = (sketch, { a, b }) => {
  const x = sketch.pick(a, hasAxis);
  return x && { value: sketch.emit(ops.softmax, [x.value], { axis: b % x.value.type.shape.length }), bound: 1 };
};

export const reduce: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, hasAxis);
  if (!x) return undefined;
  const axis = b % x.value.type.shape.length;
  const op = choose(['reduceSum', 'reduceMean', 'reduceMax'] as const, n);
  const length = x.value.type.shape[axis] ?? 1;
  const value = sketch.emit(ops[op], [x.value], { axis, keepDims: n % 2 === 0 });
  return { value, bound: op === 'reduceSum' ? x.bound * (isSymbolic(length) ? largest(length) : length) : x.bound };
};
