import type { Value } from '@casement/ir';
import type { DType, Shape } from './shape.ts';
import type { Tracer } from './tracer.ts';

/** Holds what a tensor stands for in the graph; kept out of the public interface. */
export const traced: unique symbol = Symbol('traced');

export interface Traced {
  readonly tracer: Tracer;
  readonly value: Value;
}

/** A tensor of the graph that is being built. It knows its dims by name; it has no elements. */
export interface Tensor<T extends DType = DType, S extends Shape = Shape> {
  readonly dtype: T;
  readonly shape: S;
  readonly [traced]: Traced;
}

/** What elementwise ops take: a number becomes a constant of the other operand's dtype. */
export type Operand = Tensor | number;

export function isTensor(x: unknown): x is Tensor {
  return typeof x === 'object' && x !== null && traced in x;
}
