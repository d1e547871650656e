import { ops } from '@casement/ir';
import { emit, joinShapes, toTensors } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Aligned, DType, Joined } from '../shape.ts';
import type { Operand, Tensor } from '../tensor.ts';
import type { Broadcast, Fitting } from './binary.ts';

/** `X` where its shape broadcasts against the condition's, else what would. */
type Under<C, X> =
  C extends Tensor<'bool', infer SC>
    ? X extends Tensor<infer T, infer SX>
      ? X extends Tensor<T, Aligned<SC, SX>>
        ? X
        : Tensor<T, Aligned<SC, SX>>
      : X
    : never;

type Chosen<C, R> =
  C extends Tensor<'bool', infer SC> ? (R extends Tensor<infer T, infer S> ? Tensor<T, Joined<SC, S>> : never) : never;

/** condition ? x : y, element by element, broadcasting; one of x and y may be a number. */
export function where<C extends Tensor<'bool'>, X extends Operand, Y extends Operand>(
  condition: C,
  x: Under<C, X>,
  y: Fitting<X, Y>,
): Chosen<C, Broadcast<X, Y>>;
export function where(condition: Tensor<'bool'>, x: Operand, y: Operand): Tensor<DType> {
  const place = callerOf(where);
  const tensors = toTensors('where', [condition, x, y], place);
  const shape = joinShapes(tensors.map((tensor) => tensor.shape));
  return emit(
    place,
    ops.where,
    tensors,
    {},
    (typeof x === 'number' ? tensors[2] : tensors[1])?.dtype ?? 'float',
    shape,
  );
}
