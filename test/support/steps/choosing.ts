import { type Dim, ops, scalar, type Value } from '@casement/ir';
import { type Bounded, choose, isSmall, SEQ, type Sketch, type Step } from './sketch.ts';

/** Order, extremes and halves of whole numbers, in which machines cannot differ; as floats. */
export const rank: Step = (sketch, { a, b, n }) => {
  const floats = () => sketch.emit(ops.cast, [sketch.ids], { to: 'f32' });
  const keepDims = b % 2 === 0;
  const ways: readonly (() => Value)[] = [
    () => order(sketch, n, a % 2 === 0 ? SEQ : 1),
    () => sketch.emit(ops.argMax, [floats()], { axis: n % 2, keepDims }),
    () => sketch.emit(ops.argMin, [floats()], { axis: n % 2, keepDims }),
    () => sketch.emit(ops.floor, [sketch.emit(ops.mul, [floats(), sketch.number(0.5)], {})], {}),
  ];
  const value = choose(ways, b)();
  return { value: value.type.dtype === 'i32' ? sketch.emit(ops.cast, [value], { to: 'f32' }) : value, bound: 11 };
};

/** Positions of the smallest or largest ids, i32 [1 count]; of equal ones the first. */
function order(sketch: Sketch, n: number, count: Dim): Value {
  return sketch.emit(ops.argSort, [sketch.ids], { axis: n % 2 === 0 ? 1 : -1, descending: n % 3 === 0, count });
}

/** A value shaped as a sequence of rows, [1 seq size]. */
function isSequence({ type: { shape } }: Value): boolean {
  return shape.length === 3 && shape[0] === 1 && shape[1] === SEQ;
}

/** A sequence of rows in the order of their ids, or with the first of them overwritten. */
export const reorder: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, isSequence);
  if (!x) return undefined;
  const size = x.value.type.shape[2] ?? 1;
  const indices = sketch.emit(ops.reshape, [order(sketch, n, SEQ)], { shape: [1, SEQ, 1] });
  if (b % 2 === 0) return { value: sketch.emit(ops.gatherAlong, [x.value, indices], { axis: 1 }), bound: x.bound };
  const updates = sketch.emit(ops.tanh, [x.value], {});
  const first = sketch.emit(ops.slice, [indices], { axis: 1, start: 0, size: 1 });
  const update = sketch.emit(ops.slice, [updates], { axis: 1, start: 0, size: 1 });
  const wide: Bounded = { value: sketch.emit(ops.broadcastTo, [update], { shape: [1, 1, size] }), bound: 1 };
  const value = sketch.emit(ops.scatterAlong, [x.value, first, wide.value], { axis: 1 });
  return { value, bound: Math.max(x.bound, 1) };
};

/** What is made of as many rows of a sequence as their ids say, perhaps none: [1 size]. */
export const keepRows: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, isSequence);
  if (!x) return undefined;
  const size = x.value.type.shape[2] ?? 1;
  const indices = sketch.keptRows(() => {
    const ids = sketch.emit(ops.reshape, [sketch.ids], { shape: [SEQ] });
    return sketch.emit(ops.less, [ids, scalar(sketch.builder.emit, 'i32', n)], {});
  });
  const rows = sketch.emit(ops.reshape, [x.value], { shape: [SEQ, size] });
  const kept = sketch.emit(ops.gather, [rows, indices], { axis: 0 });
  const mixed = b % 2 === 0 ? kept : sketch.emit(ops.cumSum, [sketch.emit(ops.tanh, [kept], {})], { axis: 0 });
  const value = sketch.emit(ops.reduceSum, [mixed], { axis: 0, keepDims: true });
  return { value, bound: b % 2 === 0 ? 6 * x.bound : 36 };
};

/** Rows of ones and zeros, [1 seq size]. */
export const oneHot: Step = (sketch, { b }) => {
  const size = choose([11, 3, 1], b);
  if (!isSmall([SEQ, size])) return undefined;
  const hot = sketch.emit(ops.oneHot, [sketch.ids], { size });
  const value = sketch.emit(ops.where, [hot, sketch.number(1), sketch.number(0)], {});
  return { value, bound: 1 };
};
