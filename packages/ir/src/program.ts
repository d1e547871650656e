import type { DimBounds } from './dim.ts';
import type { Attrs, Op } from './op.ts';
import type { TensorType } from './types.ts';
import type { Value } from './value.ts';

/** Where in the user's sources something was written. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Why a node exists: the scope path of blocks around it (`layers.3.casa_attn`) and the call that made it. */
export interface Origin {
  readonly scope: string;
  readonly place?: Place;
}

export interface Node {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: Attrs;
  readonly origin: Origin;
}

/** How an entry uses a state: the version it starts with and the version it leaves behind. */
export interface StateUse {
  readonly state: string;
  readonly start: Value;
  readonly end: Value;
}

export interface Output {
  readonly name: string;
  readonly value: Value;
}

/** One entry of a program: nodes in topological order. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly states: readonly StateUse[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Output[];
}

/**
 * A tensor that lives from run to run and grows along `axis`. `type.shape[axis]` is the named dim that counts its
 * length; that dim's upper bound is the capacity. States that share a dim always have the same length.
 */
export interface StateDecl {
  readonly name: string;
  readonly type: TensorType;
  readonly axis: number;
}

export interface Program {
  readonly name: string;
  readonly dims: ReadonlyMap<string, DimBounds>;
  readonly params: ReadonlyMap<string, Value>;
  readonly states: ReadonlyMap<string, StateDecl>;
  readonly entries: ReadonlyMap<string, Graph>;
}

/** The name of the dim that counts a state's length. */
export function lengthDim(state: StateDecl): string {
  return String(state.type.shape[state.axis]);
}
