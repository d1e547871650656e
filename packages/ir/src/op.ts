import type { SymbolicDim } from './dim.ts';
import type { HostTensor } from './tensor.ts';
import type { TensorType } from './types.ts';
import type { Value } from './value.ts';

/** What an attribute may hold. A size is a number or a symbolic dim; JSON-like otherwise. */
export type AttrValue = number | string | boolean | SymbolicDim | readonly AttrValue[];
export type Attrs = Readonly<Record<string, AttrValue>>;

/** One test case of an op, used by every executor's conformance test. */
export interface Sample<A extends Attrs = Attrs> {
  readonly name: string;
  readonly inputs: readonly SampleInput[];
  readonly attrs: A;
}

/** An input of a sample: a type such as `f32[2 3]`, and its values, or how to draw them (default: normal). */
export interface SampleInput {
  readonly type: string;
  readonly values?: readonly number[];
  readonly draw?: Draw;
}

/** `below`: integers 0 … n-1; `within`: -n … n; `positive`: 0.1 … 2.1; `unit`: -1 … 1; `normal`: standard normal. */
export type Draw = 'normal' | 'unit' | 'positive' | { readonly below: number } | { readonly within: number };

interface OpBase<A extends Attrs> {
  /** Also the file's name and the registry's key. */
  readonly name: string;
  /** One line: what it computes, with shapes. */
  readonly summary: string;
  /** Result types; throws TypeError with what is wrong, without place (the caller adds it). */
  infer(inputs: readonly TensorType[], attrs: A): readonly TensorType[];
  readonly samples: readonly Sample<A>[];
  /**
   * Set when the attribute `count` is a dim that only the operands' values give: how many there are, at most the
   * elements of operand 0. The node gives that dim its value.
   */
  counts?(inputs: readonly HostTensor[]): number;
  /** Set when the result is the next version of the state that input 0 is a version of. */
  readonly updatesState?: true;
}

/** An op that every target lowers. */
export interface CoreOp<A extends Attrs = Attrs> extends OpBase<A> {
  readonly kind: 'core';
  /** Plain and slow; accumulates in float64. Sizes in `attrs` are resolved to numbers; `outputs` has concrete shapes. */
  reference(inputs: readonly HostTensor[], attrs: A, outputs: readonly ConcreteType[]): readonly HostTensor[];
}

/** An op that a target may lower whole; else it is expanded into core ops. */
export interface CompositeOp<A extends Attrs = Attrs> extends OpBase<A> {
  readonly kind: 'composite';
  expand(emit: Emit, inputs: readonly Value[], attrs: A): readonly Value[];
}

export type Op<A extends Attrs = Attrs> = CoreOp<A> | CompositeOp<A>;

/** Adds a node and returns its first result. */
export type Emit = <A extends Attrs>(op: Op<A>, inputs: readonly Value[], attrs: A) => Value;

export interface ConcreteType {
  readonly dtype: TensorType['dtype'];
  readonly shape: readonly number[];
}
