import type { Attrs, Dim, IrError, Node, Op, TensorType, Value } from '@casement/ir';
import type { Operand } from './operand.ts';
import type { DeviceProfile } from './profile.ts';
import type { KernelCall } from './wgsl/kernelBuilder.ts';

/** Turns a node into kernel calls. */
export type Lowering = (node: Node, context: LoweringContext) => void;

/** What lowerings work with: operands of values, and places to put results. */
export interface LoweringContext {
  readonly profile: DeviceProfile;
  /** A value whose elements lie without gaps; where they do not (states), a copy. */
  operand(value: Value): Operand;
  /** A value as it is stored. */
  stored(value: Value): Operand;
  /** A param in row ranges that can each be bound, or any other value in one piece. */
  pieces(value: Value): readonly Piece[];
  /** Memory for a result. */
  result(value: Value): Operand;
  /** Memory for what only the kernels of this node see. */
  scratch(type: TensorType): Operand;
  /** Declares that a result is `operand`'s elements under the result's type; nothing is computed. */
  alias(value: Value, operand: Operand): void;
  /** A tensor of given values. */
  constant(type: TensorType, values: ArrayLike<number>): Operand;
  run(call: KernelCall): void;
  /** Notes that indices must be below a size, so that the host can check them where they are inputs. */
  limitIndices(indices: Operand, below: number): void;
  /** An error at the node that is being lowered. */
  fail(problem: string): IrError;
}

/** Rows `first` … `first + rows − 1` of a tensor, along its first axis. */
export interface Piece {
  readonly operand: Operand;
  readonly first: number;
  readonly rows: Dim;
}

/** A node whose attributes have the types that its op declares. */
export interface TypedNode<A extends Attrs> extends Node {
  readonly attrs: A;
}

/** A lowering of one op, with its attributes' types. */
export function lowerOp<A extends Attrs>(
  op: Op<A>,
  lower: (node: TypedNode<A>, context: LoweringContext) => void,
): Lowering {
  return (node, context) => {
    if (node.op.name !== op.name) throw context.fail(`${node.op.name} reached the lowering of ${op.name}`);
    lower(node as TypedNode<A>, context); // the op of this name has checked its attributes in `infer`
  };
}

/** Operand `index` of a node; the op's `infer` has checked that it exists. */
export function inputOf(node: Node, index: number): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new RangeError(`${node.op.name} has no input ${index}`);
  return value;
}

/** The only result of a node. */
export function resultOf(node: Node): Value {
  const [value] = node.outputs;
  if (value === undefined) throw new RangeError(`${node.op.name} has no result`);
  return value;
}
