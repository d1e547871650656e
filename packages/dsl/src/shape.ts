import type { DType as StoredDType, FloatDType as StoredFloatDType } from '@casement/ir';

/** `float` is the dtype that a model is built with. */
export type FloatDType = 'float' | StoredFloatDType;
export type DType = 'float' | StoredDType;

/** A dim as it is written: a name (`hidden`), an expression of names (`heads*headDim`) or a size (`3`). */
export type Dim = string | number;
export type Shape = readonly Dim[];

/** An axis by the name of its dim, or counted from the end where names do not tell axes apart. */
export type AxisOf<S extends Shape> = S[number] | -1 | -2;

/** `S` with the dims `R` in place of axis `A`. */
export type ReplaceAxis<S extends Shape, A extends Dim, R extends Shape> = A extends -1
  ? S extends readonly [...infer L extends Shape, Dim]
    ? readonly [...L, ...R]
    : never
  : A extends -2
    ? S extends readonly [...infer L extends Shape, Dim, infer Z extends Dim]
      ? readonly [...L, ...R, Z]
      : never
    : ReplaceNamed<S, A, R>;

type ReplaceNamed<
  S extends Shape,
  A extends Dim,
  R extends Shape,
  Done extends Shape = readonly [],
> = S extends readonly [infer H extends Dim, ...infer Rest extends Shape]
  ? H extends A
    ? readonly [...Done, ...R, ...Rest]
    : ReplaceNamed<Rest, A, R, readonly [...Done, H]>
  : Done;

/** What a shape of `B`'s rank must be to broadcast against `A`: shapes align at their last axis, a literal 1 stretches. */
export type Aligned<A extends Shape, B extends Shape, Done extends Shape = readonly []> = B extends readonly [
  ...infer RestB extends Shape,
  infer DB extends Dim,
]
  ? A extends readonly [...infer RestA extends Shape, infer DA extends Dim]
    ? Aligned<RestA, RestB, readonly [DB extends 1 ? 1 : DA extends 1 ? DB : DA, ...Done]>
    : readonly [...B, ...Done]
  : B extends readonly []
    ? Done
    : readonly [...A, ...Done];

/** The shape that `A` and `B` broadcast to. */
export type Joined<A extends Shape, B extends Shape, Done extends Shape = readonly []> = A extends readonly [
  ...infer RestA extends Shape,
  infer DA extends Dim,
]
  ? B extends readonly [...infer RestB extends Shape, infer DB extends Dim]
    ? Joined<RestA, RestB, readonly [DA extends 1 ? DB : DA, ...Done]>
    : readonly [...A, ...Done]
  : readonly [...B, ...Done];
