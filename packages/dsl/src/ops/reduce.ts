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

function reduction<D extends DType>(name: 'reduceSum' | 'reduceMean' | 'reduceMax'): Reduction<D> {
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

/** The index of the first maximum along an axis: `argMax(logits, 'vocab')`. */
export function argMax<S extends Shape, A extends AxisOf<S>>(
  x: Tensor<FloatDType, S>,
  axis: A,
): Tensor<'i32', ReplaceAxis<S, A, readonly []>> {
  const place = callerOf(argMax);
  const at = axisIndex('argMax', x, axis, place);
  return emit(place, ops.argMax, [x], { axis: at, keepDims: false }, 'i32', replaceAxis(x.shape, at, []));
}

/** e^x / Σ e^x along an axis, computed in f32. */
export function softmax<T extends FloatDType, S extends Shape, A extends AxisOf<S>>(
  x: Tensor<T, S>,
  axis: A,
): Tensor<T, S> {
  const place = callerOf(softmax);
  return emit(place, ops.softmax, [x], { axis: axisIndex('softmax', x, axis, place) }, x.dtype, x.shape);
}
