import {
  type Attrs,
  type Dim,
  type Graph,
  isSymbolic,
  makeNode,
  type Node,
  namedDim,
  type Program,
  type StateUse,
  type TensorType,
  type Value,
} from '@casement/ir';
import { Notes } from './notes.ts';

/** The dim that counts sequences; the executor gives it no meaning in single runs. */
export const BATCH = 'batch';

/** Ops that treat every sequence, the first axis of what they read, on its own. */
const PER_SEQUENCE = new Set([
  ...['add', 'sub', 'mul', 'div', 'silu', 'gelu', 'quickGelu', 'swiglu', 'sigmoid', 'tanh', 'cast', 'constant'],
  ...['rmsNorm', 'layerNorm', 'linear', 'quantizedLinear', 'quantizedGather', 'rope', 'append', 'attention'],
]);

/** An entry for several sequences, and which axis of its inputs counts them; other inputs are the same for all. */
export interface BatchedGraph {
  readonly graph: Graph;
  readonly axes: Readonly<Record<string, number>>;
}

/**
 * The same entry for several sequences at once: where it has one sequence, [1 …], the result has [batch …]. Each is
 * computed as if it were alone. Undefined for an entry that is not made for one sequence, has an op that might mix
 * sequences, or an output that is the same for all; `notes` hears why.
 */
export function batchGraph(program: Program, graph: Graph, notes = new Notes()): BatchedGraph | undefined {
  const decline = (why: string): undefined => {
    notes.add('several sequences in a run', graph.name, why);
    return undefined;
  };
  if (program.dims.has(BATCH)) return decline(`the program has a dim "${BATCH}" of its own`);
  const batched = new Map<Value, Value>();
  const widen = (value: Value, type: TensorType): Value => {
    const wide = { ...value, type };
    batched.set(value, wide);
    return wide;
  };
  for (const { start } of graph.states) {
    if (start.type.shape[0] !== 1) return decline(`state "${start.name}" is not of one sequence`);
    widen(start, withBatch(start.type, 0));
  }
  const axes: Record<string, number> = {};
  const inputs = graph.inputs.map((input) => {
    const axis = sequenceAxis(input);
    if (axis === undefined) return input;
    axes[input.name] = axis;
    return widen(input, withBatch(input.type, axis));
  });
  if (batched.size === graph.states.length) return decline('no input is of one sequence');
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const wide = widenNode(node, batched);
    if (wide === undefined) return decline(`${node.op.name} "${node.outputs[0]?.name}" may mix sequences`);
    nodes.push(wide);
  }
  // Every sequence has outputs of its own, or the executor could not take them apart.
  const common = graph.outputs.find(({ value }) => !batched.has(value));
  if (common) return decline(`output "${common.name}" is the same for all`);
  const resolve = (value: Value) => batched.get(value) ?? value;
  const states: StateUse[] = graph.states.map(({ state, start, end }) => {
    return { state, start: resolve(start), end: resolve(end) };
  });
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: resolve(value) }));
  return { graph: { ...graph, inputs, nodes, states, outputs }, axes };
}

/** Token ids [1 seq], positions [1 seq] or [axes 1 seq]; what has no such axis is the same for all sequences. */
function sequenceAxis({ type: { dtype, shape } }: Value): number | undefined {
  if (shape.length === 2 && shape[0] === 1) return 0;
  if (shape.length !== 3) return undefined;
  return dtype === 'i32' ? (shape[1] === 1 ? 1 : undefined) : shape[0] === 1 ? 0 : undefined;
}

function withBatch(type: TensorType, axis: number): TensorType {
  return { ...type, shape: type.shape.map((dim, i) => (i === axis ? namedDim(BATCH) : dim)) };
}

function widenNode(node: Node, batched: Map<Value, Value>): Node | undefined {
  const inputs = node.inputs.map((input) => batched.get(input) ?? input);
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  const attrs = widenAttrs(node, inputs);
  if (attrs === undefined) return undefined;
  let wide: Node;
  try {
    wide = makeNode(node.op, inputs, attrs, node.origin, (i) => node.outputs[i]?.name ?? node.op.name);
  } catch {
    return undefined; // the op does not take these shapes, so it does not treat sequences alike
  }
  const kept = wide.outputs.every(({ type }, i) => isWidened(type.shape, node.outputs[i]?.type.shape ?? []));
  if (!kept) return undefined;
  wide.outputs.forEach((output, i) => {
    const original = node.outputs[i];
    if (original) batched.set(original, output);
  });
  return wide;
}

/** Attributes for several sequences, or undefined for an op that may mix them. */
function widenAttrs({ op, attrs }: Node, inputs: readonly Value[]): Attrs | undefined {
  if (PER_SEQUENCE.has(op.name)) return attrs;
  const [x] = inputs;
  if (op.name === 'gather') {
    // Rows of a table by ids, or places within each sequence that are the same for all.
    const byIds = attrs.axis === 0 && x?.kind === 'param';
    const within = attrs.axis === 1 && hasBatch(x) && !hasBatch(inputs[1]);
    return byIds || within ? attrs : undefined;
  }
  const { shape } = attrs;
  if (op.name === 'reshape' && Array.isArray(shape) && shape[0] === 1) {
    return { ...attrs, shape: [namedDim(BATCH), ...shape.slice(1)] };
  }
  return undefined;
}

function hasBatch(value: Value | undefined): boolean {
  return value?.type.shape.some((dim) => isSymbolic(dim) && dim.names.includes(BATCH)) ?? false;
}

/** Whether a shape is another one with the batch on its first axis, and nowhere else. */
function isWidened([first, ...rest]: readonly Dim[], original: readonly Dim[]): boolean {
  const elsewhere = rest.some((dim) => isSymbolic(dim) && dim.names.includes(BATCH));
  return String(first) === BATCH && original[0] === 1 && !elsewhere;
}
