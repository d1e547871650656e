import { ops } from '@casement/ir';
import { emit, joinShapes, toTensors } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Aligned, DType, FloatDType, Joined } from '../shape.ts';
import type { Operand, Tensor } from '../tensor.ts';

/** What the second operand of an elementwise op must be, next to a first one `A`. */
type Beside<A, B> =
  A extends Tensor<infer T, infer SA>
    ? B extends Tensor<DType, infer SB>
      ? Tensor<T, Aligned<SA, SB>>
      : number | Tensor<T, SA>
    : Tensor;

/** `B` where it fits beside `A`, else what would: so the error stands at the second operand and names its shape. */
export type Fitting<A, B> = B extends A ? B : B extends Beside<A, B> ? B : Beside<A, B>;

/** The result of an elementwise op. */
export type Broadcast<A, B> =
  A extends Tensor<infer T, infer SA>
    ? B extends Tensor<DType, infer SB>
      ? SB extends SA
        ? A
        : Tensor<T, Joined<SA, SB>>
      : A
    : B;

/** The result of a comparison. */
type Compared<R> = R extends Tensor<DType, infer S> ? Tensor<'bool', S> : never;

type OperandOf<T extends DType> = Tensor<T> | number;
type Binary<T extends DType> = <A extends OperandOf<T>, B extends Operand>(a: A, b: Fitting<A, B>) => Broadcast<A, B>;
type Comparison = <A extends OperandOf<FloatDType | 'i32'>, B extends Operand>(
  a: A,
  b: Fitting<A, B>,
) => Compared<Broadcast<A, B>>;
type Logical = <A extends Tensor<'bool'>, B extends Tensor<'bool'>>(a: A, b: Fitting<A, B>) => Broadcast<A, B>;

type ArithmeticName = 'add' | 'sub' | 'mul' | 'max' | 'min' | 'div' | 'pow';
type ComparisonName = 'equal' | 'less' | 'lessOrEqual';

function arithmetic<T extends DType>(name: ArithmeticName): Binary<T> {
  // The result's type is computed from A and B, which the compiler cannot follow into the function.
  const op: Binary<T> = (a, b) => elementwise(op, name, [a, b]) as never;
  return op;
}

function comparison(name: ComparisonName): Comparison {
  // As above.
  const op: Comparison = (a, b) => elementwise(op, name, [a, b], 'bool') as never;
  return op;
}

function logical(name: 'and' | 'or'): Logical {
  // As above.
  const op: Logical = (a, b) => elementwise(op, name, [a, b]) as never;
  return op;
}

function elementwise(
  callee: Binary<never> | Comparison | Logical,
  name: ArithmeticName | ComparisonName | 'and' | 'or',
  operands: readonly Operand[],
  dtype?: DType,
): Tensor {
  const place = callerOf(callee);
  const tensors = toTensors(name, operands, place);
  const [a, b] = tensors.map((tensor) => tensor.shape);
  return emit(place, ops[name], tensors, {}, dtype ?? tensors[0]?.dtype ?? 'float', joinShapes([a ?? [], b ?? []]));
}

/** a + b. Shapes broadcast: they align at their last dims, and a literal 1 stretches. */
export const add = arithmetic<FloatDType | 'i32'>('add');
/** a − b, broadcasting. */
export const sub = arithmetic<FloatDType | 'i32'>('sub');
/** a·b, broadcasting. */
export const mul = arithmetic<FloatDType | 'i32'>('mul');
/** The larger of a and b, broadcasting. */
export const max = arithmetic<FloatDType | 'i32'>('max');
/** The smaller of a and b, broadcasting. */
export const min = arithmetic<FloatDType | 'i32'>('min');
/** a/b of floats, broadcasting. */
export const div = arithmetic<FloatDType>('div');
/** a^b of floats, a > 0, broadcasting. */
export const pow = arithmetic<FloatDType>('pow');

/** a = b as bool, broadcasting. */
export const equal = comparison('equal');
/** a < b as bool, broadcasting. */
export const less = comparison('less');
/** a ≤ b as bool, broadcasting. */
export const lessOrEqual = comparison('lessOrEqual');

/** Logical and, broadcasting. */
export const and = logical('and');
/** Logical or, broadcasting. */
export const or = logical('or');
