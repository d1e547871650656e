import type { Attrs, CompositeOp, CoreOp, Emit, Node, Value } from '@casement/ir';
import type { Dims } from './dims.ts';
import type { Fused } from './fuse/fuse.ts';
import type { GivenKind } from './given.ts';
import type { GraphWriter, NodeOptions, Tensor } from './graphWriter.ts';
import type { GraphStates } from './states.ts';
import type { Values } from './values.ts';

/** `onnx`: the ops of ai.onnx only; `ort`: also those of ONNX Runtime (com.microsoft) where they are faster. */
export type Profile = 'onnx' | 'ort';

/** What the lowering of a node works with; one per graph. */
export interface Context {
  readonly profile: Profile;
  readonly writer: GraphWriter;
  readonly dims: Dims;
  readonly values: Values;
  readonly states: GraphStates;
  /** Makes IR nodes and lowers them at once, for what is easiest said in the IR; their results are called `prefix.op`. */
  readonly emitAs: (prefix: string) => Emit;
  readonly fused: Fused;
  /** An input that the executor computes from the lengths of its states. */
  readonly given: (kind: GivenKind, dim: string) => Tensor;
  /** Says that an input of the graph must be below a number, and not negative. */
  readonly requireBelow: (input: Value, limit: number) => void;
  /** What several nodes share (masks, rotary angles): made at the first use. */
  readonly once: <T>(key: string, make: () => T) => T;
}

/** The attributes that an op takes. */
export type AttrsOf<O> = O extends CoreOp<infer A> ? A : O extends CompositeOp<infer A> ? A : never;

interface Rules<A extends Attrs> {
  lower(ctx: Context, node: Node, attrs: A): void;
  lowerWhole(ctx: Context, node: Node, attrs: A): string | undefined;
}

/** Lowers a core op: defines forms of the node's results. A method's type, so that one table holds all of them. */
export type Lower<O> = Rules<AttrsOf<O>>['lower'];

/** Lowers a composite op, or gives the reason why it must be expanded here; then it has changed nothing. */
export type LowerWhole<O> = Rules<AttrsOf<O>>['lowerWhole'];

/** The operand at `index`, which `infer` has required. */
export function operand(node: Node, index: number): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new RangeError(`${node.op.name} has no operand ${index}`);
  return value;
}

export function resultOf(node: Node): Value {
  const value = node.outputs[0];
  if (value === undefined) throw new RangeError(`${node.op.name} has no result`);
  return value;
}

/**
 * Lowers a node to one ONNX node on the given tensors (default: its operands). `dtype` is the tensor's dtype where it
 * is not the IR value's (positions may be int64).
 */
export function lowerTo(
  ctx: Context,
  node: Node,
  opType: string,
  options: NodeOptions & {
    readonly inputs?: readonly (Tensor | undefined)[];
    readonly dtype?: Tensor['type']['dtype'];
  } = {},
): void {
  const result = resultOf(node);
  const inputs = options.inputs ?? node.inputs.map((input) => ctx.values.plain(input));
  const type = { dtype: options.dtype ?? result.type.dtype, shape: result.type.shape };
  const tensor = ctx.writer.op(opType, inputs, { name: ctx.values.nameOf(result, 'plain'), type }, options);
  ctx.values.set(result, 'plain', tensor);
}
