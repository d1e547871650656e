import { ops } from '@casement/ir';
import { axisIndex, replaceAxis } from '../axis.ts';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { AxisOf, DType, FloatDType, ReplaceAxis, Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** With `keepDims`, the axis stays with size 1, so that the result broadcasts against x. */
interface ReduceOptions<K extends boolean> {
  readonly keepDims?: K;
}

type Left<K extends boolean> = K extends true ? readonly [1] : readonly [];

type Reduction<D extends DType> = <T extends D, S extends Shape, A extends AxisOf<S>, const K extends boolean = false>(
  x: Tensor<T, S>,
  axis: A,
  options?: ReduceOptions<K>,
) => Tensor<T, ReplaceAxis<S, A, Left<K>>>;

function reduction<D extends DType>(name: 'reduceSum' | 'reduceMean' | 'reduceMax' | 'reduceMin'): Reduction<D> {
  const op: Reduction<D> = (x, axis, { keepDims } = {}) => {
    const place = callerOf(op);
    const at = axisIndex(name, x, axis, place);
    const shape = replaceAxis(x.shape, at, keepDims ? [1] : []);
    return emit(place, ops[name], [x], { axis: at, keepDims: keepDims ?? false }, x.dtype, shape);
  };
  return op;
}

/** The sum along an axis: `reduceSum(x, 'seq')`; 0 for an empty one. */
export const reduceSum = reduction<FloatDType | 'i32'>('reduceSum');
/** The mean along an axis. */
export const reduceMean = reduction<FloatDType>('reduceMean');
/** The maximum along an axis. */
export const reduceMax = reduction<FloatDType>('reduceMax');
/** The minimum along an axis. */
export const reduceMin = reduction<FloatDType>('reduceMin');

type IndexOf = <S extends Shape, A extends AxisOf<S>>(
  x: Tensor<FloatDType, S>,
  axis: A,
) => Tensor<'i32', ReplaceAxis<S, A, readonly []>>;

function indexOf(name: 'argMax' | 'argMin'): IndexOf {
  const op: IndexOf = (x, axis) => {
    const place = callerOf(op);
    const at = axisIndex(name, x, axis, place);
    return emit(place, ops[name], [x], { axis: at, keepDims: false }, 'i32', replaceAxis(x.shape, at, []));
  };
  return op;
}

/** The index of the first maximum along an axis: `argMax(logits, 'vocab')`. */
export const argMax = indexOf('argMax');
/** The index of the first minimum along an axis. */
export const argMin = indexOf('argMin');

type Along<D extends DType> = <T extends D, S extends Shape, A extends AxisOf<S>>(
  x: Tensor<T, S>,
  axis: A,
) => Tensor<T, S>;

function along<D extends DType>(name: 'softmax' | 'logSoftmax' | 'cumSum'): Along<D> {
  const op: Along<D> = (x, axis) => {
    const place = callerOf(op);
    return emit(place, ops[name], [x], { axis: axisIndex(name, x, axis, place) }, x.dtype, x.shape);
  };
  return op;
}

/** e^x / Σ e^x along an axis, computed in f32. */
export const softmax = along<FloatDType>('softmax');
/** x − log Σ e^x along an axis, computed in f32. */
export const logSoftmax = along<FloatDType>('logSoftmax');

/** The sum of an element and all before it along an axis. */
export const cumSum = along<FloatDType | 'i32'>('cumSum');

/** x / max(√Σ x², eps) along an axis, computed in f32: vectors of length one. */
export function l2Normalize<T extends FloatDType, S extends Shape, A extends AxisOf<S>>(
  x: Tensor<T, S>,
  axis: A,
  { eps = 1e-12 }: { readonly eps?: number } = {},
): Tensor<T, S> {
  const place = callerOf(l2Normalize);
  return emit(place, ops.l2Normalize, [x], { axis: axisIndex('l2Normalize', x, axis, place), eps }, x.dtype, x.shape);
}
