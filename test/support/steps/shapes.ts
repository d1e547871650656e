import { type Dim, mulDims, ops, sameDim, sameShape, subDims } from '@casement/ir';
import { ROWS } from '../programCase.ts';
import { choose, isSmall, SIZES, type Step } from './sketch.ts';

/** Splits the last axis, joins two axes, adds one of size 1, or drops it. */
export const reshape: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a);
  const shape = x?.value.type.shape;
  if (!x || !shape) return undefined;
  const at = n % Math.max(1, shape.length);
  const ways: (() => readonly Dim[] | undefined)[] = [
    () => [...shape.slice(0, at), 1, ...shape.slice(at)],
    () => joinedAt(shape, at),
    () => splitLast(shape, n),
    () => (shape[at] === 1 ? shape.filter((_, axis) => axis !== at) : undefined),
  ];
  const next = choose(ways, b)();
  if (!next || next.length > 5) return undefined;
  return { value: sketch.emit(ops.reshape, [x.value], { shape: next }), bound: x.bound };
};

function joinedAt(shape: readonly Dim[], at: number): readonly Dim[] | undefined {
  const [left, right] = [shape[at], shape[at + 1]];
  if (left === undefined || right === undefined) return undefined;
  return [...shape.slice(0, at), mulDims(left, right), ...shape.slice(at + 2)];
}

function splitLast(shape: readonly Dim[], n: number): readonly Dim[] | undefined {
  const last = shape.at(-1);
  const by = choose([2, 3, 1], n);
  if (typeof last !== 'number' || last % by !== 0) return undefined;
  return [...shape.slice(0, -1), last / by, by];
}

export const transpose: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.length >= 2);
  if (!x) return undefined;
  const perm = x.value.type.shape.map((_, axis) => axis);
  const [from, to] = [b % perm.length, (b + 1 + (n % (perm.length - 1))) % perm.length];
  const swapped = perm.map((axis) => (axis === from ? to : axis === to ? from : axis));
  return { value: sketch.emit(ops.transpose, [x.value], { perm: swapped }), bound: x.bound };
};

export const slice: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.some((dim) => dim !== 0));
  const rank = x?.value.type.shape.length ?? 0;
  const axis = rank > 0 ? b % rank : 0;
  const full = x?.value.type.shape[axis];
  if (!x || full === undefined || full === 0) return undefined;
  // Along a symbolic axis: the first or the last element, which are there for every size.
  const [start, size]: [Dim, Dim] =
    typeof full === 'number' ? [n % full, 1 + (n % (full - (n % full)))] : [n % 2 ? subDims(full, 1) : 0, 1];
  return { value: sketch.emit(ops.slice, [x.value], { axis, start, size }), bound: x.bound };
};

export const concat: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.length > 0);
  if (!x) return undefined;
  const { shape } = x.value.type;
  const axis = b % shape.length;
  const y = sketch.pick(n, ({ type }) => {
    return (
      type.shape.length === shape.length && type.shape.every((dim, i) => i === axis || sameDim(dim, shape[i] ?? -1))
    );
  });
  if (!y || !isSmall([3, ...shape, ...y.value.type.shape.slice(axis, axis + 1)])) return undefined;
  const parts = choose([[x, y], [x], [y, x, x]], b);
  const value = sketch.emit(ops.concat, parts.map((part) => part.value), { axis: axis - (n % 2) * shape.length }); // biome-ignore format: one line
  return { value, bound: Math.max(x.bound, y.bound) };
};

export const broadcastTo: Step = (sketch, { a, n }) => {
  const x = sketch.pick(a);
  const shape = x?.value.type.shape;
  if (!x || !shape || shape.length > 3) return undefined;
  const stretched = [choose([2, 3, 1], n), ...shape.map((dim) => (dim === 1 ? choose([1, 3], n) : dim))];
  if (!isSmall(stretched)) return undefined;
  return { value: sketch.emit(ops.broadcastTo, [x.value], { shape: stretched }), bound: x.bound };
};

export const pad: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.length > 0);
  if (!x) return undefined;
  const attrs = { axis: b % x.value.type.shape.length, before: n % 3, after: b % 2, value: choose([0, -0.5], n) };
  return { value: sketch.emit(ops.pad, [x.value], attrs), bound: Math.max(x.bound, 0.5) };
};

export const stack: Step = (sketch, { a, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.length < 4);
  const y = x && sketch.pick(n, ({ type }) => sameShape(type.shape, x.value.type.shape));
  if (!x || !y || !isSmall([3, ...x.value.type.shape])) return undefined;
  const parts = choose([[x.value, y.value], [x.value], [y.value, x.value, x.value]], n);
  return { value: sketch.emit(ops.stack, parts, {}), bound: Math.max(x.bound, y.bound) };
};

/** Picks along an axis of fixed size, by constant indices. */
export const gather: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.some((dim) => typeof dim === 'number' && dim > 0));
  if (!x) return undefined;
  const axes = x.value.type.shape.flatMap((dim, i) => (typeof dim === 'number' && dim > 0 ? [{ dim, i }] : []));
  const { dim, i: axis } = choose(axes, b);
  const shape = choose([[2], [], [3]], n);
  const values = Array.from({ length: shape[0] ?? 1 }, (_, i) => (n + 2 * i) % dim);
  const indices = sketch.emit(ops.constant, [], { dtype: 'i32', shape, values });
  return { value: sketch.emit(ops.gather, [x.value, indices], { axis }), bound: x.bound };
};

/** Rows of a table, [1 seq size]. */
export const embed: Step = (sketch, { b }) => {
  const table = sketch.shared.param([ROWS, choose(SIZES, b)]);
  return { value: sketch.emit(ops.gather, [table, sketch.ids], { axis: 0 }), bound: 1 };
};
