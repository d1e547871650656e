import { GraphBuilder } from './builder.ts';
import { countedDim } from './counted-dims.ts';
import { type Dim, type DimBindings, evaluateDim, isSymbolic } from './dim.ts';
import { IrError } from './error.ts';
import type { Attrs, AttrValue, CompositeOp } from './op.ts';
import type { Graph, Node } from './program.ts';
import type { HostTensor } from './tensor.ts';
import type { Value } from './value.ts';

export interface Evaluation {
  /** Tensors of the graph's inputs, params and states at the start, by value. */
  readonly given: (value: Value) => HostTensor;
  readonly bindings: DimBindings;
  /** Sees the dims that nodes count (see `counted-dims.ts`). */
  readonly onCount?: (dim: string, value: number) => void;
  /** Sees every result as it is computed; keep what you need, the evaluator frees the rest. */
  readonly onResult?: (value: Value, tensor: HostTensor, node: Node) => void;
}

/**
 * Runs a graph with the ops' reference implementations and returns the tensors of `wanted`. Composite ops are expanded
 * on the way. Throws IrError naming the node when an op refuses its operands.
 */
export function evaluateGraph(graph: Graph, wanted: readonly Value[], evaluation: Evaluation): HostTensor[] {
  const { given, onCount, onResult } = evaluation;
  const bindings = new Map(evaluation.bindings);
  const results = new Map<Value, HostTensor>();
  const uses = countUses(graph, wanted);
  const read = (value: Value): HostTensor => results.get(value) ?? given(value);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(read);
    const counted = countedDim(node);
    const count = node.op.counts?.(inputs);
    if (counted !== undefined && count !== undefined) {
      bindings.set(counted, count);
      onCount?.(counted, count);
    }
    const outputs = evaluateNode(node, inputs, bindings);
    node.outputs.forEach((value, i) => {
      const tensor = outputs[i];
      if (tensor === undefined) throw new IrError(`${node.op.name} gave no result ${i}`, node.origin);
      if (uses.has(value)) results.set(value, tensor);
      onResult?.(value, tensor, node);
    });
    for (const value of node.inputs) {
      const left = (uses.get(value) ?? 0) - 1;
      uses.set(value, left);
      if (left === 0) results.delete(value);
    }
  }
  return wanted.map(read);
}

/** Results of one node on concrete operands. */
export function evaluateNode(node: Node, inputs: readonly HostTensor[], bindings: DimBindings): readonly HostTensor[] {
  try {
    if (node.op.kind === 'composite') return evaluateComposite(node.op, node, inputs, bindings);
    const outputs = node.outputs.map(({ type }) => ({ dtype: type.dtype, shape: resolveShape(type.shape, bindings) }));
    return node.op.reference(inputs, resolveAttrs(node.attrs, bindings), outputs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new IrError(`${node.outputs[0]?.name ?? node.op.name}: ${error.message}`, node.origin);
  }
}

export function resolveShape(shape: readonly Dim[], bindings: DimBindings): number[] {
  return shape.map((dim) => evaluateDim(dim, bindings));
}

/** The nodes that a composite op stands for, on operands of these types, and the values that are its results. */
export function expandNode(node: Node, op: CompositeOp): { nodes: readonly Node[]; results: readonly Value[] } {
  const builder = new GraphBuilder(node.outputs[0]?.name ?? op.name);
  builder.origin = node.origin;
  const results = op.expand(builder.emit, node.inputs, node.attrs);
  return { nodes: builder.finish().nodes, results };
}

function evaluateComposite(
  op: CompositeOp,
  node: Node,
  inputs: readonly HostTensor[],
  bindings: DimBindings,
): readonly HostTensor[] {
  const { nodes, results } = expandNode(node, op);
  const tensors = new Map(node.inputs.map((value, i) => [value, inputs[i]]));
  const given = (value: Value): HostTensor => {
    const tensor = tensors.get(value);
    if (tensor === undefined) throw new IrError(`${op.name} uses ${value.name}, which is none of its operands`);
    return tensor;
  };
  const graph: Graph = { name: op.name, inputs: node.inputs, states: [], nodes, outputs: [] };
  return evaluateGraph(graph, results, { given, bindings });
}

function resolveAttrs(attrs: Attrs, bindings: DimBindings): Attrs {
  const resolve = (value: AttrValue): AttrValue => {
    if (isSymbolic(value)) return evaluateDim(value, bindings);
    return Array.isArray(value) ? value.map(resolve) : value;
  };
  return Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, resolve(value)]));
}

function countUses(graph: Graph, wanted: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const add = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(add);
  wanted.forEach(add);
  return uses;
}
