import { type Dim, ops, upperBound, type Value } from '@casement/ir';
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

/** Coarse eps, so that a row of noise is not blown up to a row of ones. */
export const norm: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, fixedLast);
  if (!x) return undefined;
  const size = Number(lastDim(x.value));
  const weight = sketch.shared.param([size], n % 2);
  const bias = sketch.shared.param([size]);
  const ways: readonly (() => Value)[] = [
    () => sketch.emit(ops.rmsNorm, [x.value, weight], { eps: 1e-3, scaleInF32: n % 2 === 0 }),
    () => sketch.emit(ops.layerNorm, [x.value, weight, bias], { eps: 1e-2 }),
    () => sketch.emit(ops.standardize, [x.value], { eps: 1e-2 }),
    () => sketch.emit(ops.l2Normalize, [x.value], { axis: n % x.value.type.shape.length, eps: 1e-1 }),
  ];
  return { value: choose(ways, b)(), bound: Math.sqrt(size) + 1 };
};

/** Groups of channels, which are the second axis. */
export const groupNorm: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, ({ type: { shape } }) => shape.length >= 2 && typeof shape[1] === 'number' && shape[1] > 0);
  if (!x) return undefined;
  const channels = Number(x.value.type.shape[1]);
  const groups = channels % 2 === 0 ? choose([1, 2, channels], b) : choose([1, channels], b);
  const [weight, bias] = [sketch.shared.param([channels], n % 2), sketch.shared.param([channels])];
  const value = sketch.emit(ops.groupNorm, [x.value, weight, bias], { groups, eps: 1e-1 });
  return { value, bound: 8 };
};

const hasAxis = (value: Value) => value.type.shape.length > 0;

/** Along any axis; one that may be empty has no softmax, mean or maximum, but no step makes such a value. */
export const softmax: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, hasAxis);
  if (!x) return undefined;
  const axis = b % x.value.type.shape.length;
  if (n % 3 === 2) return { value: sketch.emit(ops.logSoftmax, [x.value], { axis }), bound: 2 * x.bound + 6 };
  return { value: sketch.emit(ops.softmax, [x.value], { axis }), bound: 1 };
};

export const reduce: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, hasAxis);
  if (!x) return undefined;
  const axis = b % x.value.type.shape.length;
  const op = choose(['reduceSum', 'reduceMean', 'reduceMax', 'reduceMin'] as const, n);
  const value = sketch.emit(ops[op], [x.value], { axis, keepDims: n % 2 === 0 });
  return { value, bound: op === 'reduceSum' ? x.bound * largest(x.value.type.shape[axis] ?? 1) : x.bound };
};

export const cumSum: Step = (sketch, { a, b }) => {
  const x = sketch.pick(a, hasAxis);
  if (!x) return undefined;
  const axis = b % x.value.type.shape.length;
  const value = sketch.emit(ops.cumSum, [x.value], { axis });
  return { value, bound: x.bound * largest(x.value.type.shape[axis] ?? 1) };
};

/** Rows of x against rows of x, some of them left out. */
export const maxSimilarity: Step = (sketch, { a, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.length === 3 && fixedLast(value));
  const [batch, rows, size] = x?.value.type.shape ?? [];
  if (!x || batch !== 1 || rows === undefined || size === undefined || !isSmall([rows, rows])) return undefined;
  const index = sketch.emit(ops.iota, [], { size: rows });
  const few = sketch.emit(ops.constant, [], { dtype: 'i32', shape: [], values: [n % 3] });
  const kept = sketch.emit(ops.lessOrEqual, [index, few], {});
  const keep = n % 2 === 0 ? [sketch.emit(ops.reshape, [kept], { shape: [1, rows] })] : [];
  const value = sketch.emit(ops.maxSimilarity, [x.value, x.value, ...keep], {});
  return { value, bound: x.bound ** 2 * largest(size) };
};

/** Convolution over the last two axes, with as much padding above as keeps the height, and a bias at times. */
export const conv2d: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(
    a,
    ({ type: { shape } }) => shape.length === 3 || (shape.length === 4 && typeof shape[1] === 'number'),
  );
  if (!x) return undefined;
  const { shape } = x.value.type;
  const image =
    shape.length === 4
      ? x.value
      : sketch.emit(ops.reshape, [x.value], { shape: [shape[0] ?? 1, 1, ...shape.slice(1)] });
  const channels = Number(image.type.shape[1]);
  const [height, width] = [1 + (b % 3), 1 + (n % 2)];
  const [out, perGroup] = n % 3 === 0 ? [channels, 1] : [choose([1, 2, 3], b), channels];
  const weight = sketch.shared.param([out, perGroup, height, width]);
  const bias = n % 2 === 0 ? [sketch.shared.param([out])] : [];
  const attrs = { stride: [1 + (n % 2), 1], padding: [height - 1, 0, 0, width - 1] };
  const value = sketch.emit(ops.conv2d, [image, weight, ...bias], attrs);
  return { value, bound: x.bound * perGroup * height * width + 1 };
};

/** Windows of what is fixed among the last two axes. */
export const pool: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, ({ type: { shape } }) => shape.length === 4 && !shape.includes(0));
  if (!x) return undefined;
  const size = x.value.type.shape.slice(2).map((dim, axis) => (typeof dim === 'number' ? 1 + ((b >> axis) % dim) : 1));
  const attrs = { size, stride: [1 + (n % 2), 1 + (n % 3)] };
  return { value: sketch.emit(ops[choose(['maxPool2d', 'meanPool2d'] as const, n)], [x.value], attrs), bound: x.bound };
};

function largest(dim: Dim): number {
  return upperBound(dim, DIMS);
}
