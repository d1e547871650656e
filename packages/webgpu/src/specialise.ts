import {
  type AttrValue,
  axisOf,
  countedDims,
  type Dim,
  type Graph,
  isFloat,
  isSymbolic,
  lengthDim,
  type Node,
  ops,
  type Program,
  productDims,
  sameDim,
  substituteDim,
  type Value,
} from '@casement/ir';

/** An entry for runs in which some dims have these values. */
export interface Specialisation {
  readonly when: ReadonlyMap<string, number>;
  readonly graph: Graph;
}

/**
 * The dims that are 1 when an entry decodes: those of the inputs of an entry that reads tokens (its inputs are whole
 * numbers) and lets caches grow. Undefined for other entries, and where a dim cannot be 1.
 */
export function decodeDims(program: Program, graph: Graph): ReadonlyMap<string, number> | undefined {
  if (graph.inputs.length === 0 || graph.inputs.some(({ type }) => isFloat(type.dtype))) return undefined;
  if (!graph.nodes.some(({ op }) => op.name === 'append') || countedDims(graph).size > 0) return undefined;
  const lengths = new Set([...program.states.values()].map(lengthDim));
  const names = new Set(graph.inputs.flatMap(({ type }) => type.shape.flatMap(namesOf)));
  const free = [...names].filter((name) => !lengths.has(name));
  const fits = free.every((name) => {
    const bounds = program.dims.get(name);
    return bounds !== undefined && bounds.min <= 1 && bounds.max >= 1 && bounds.multipleOf === 1;
  });
  return fits && free.length > 0 ? new Map(free.map((name) => [name, 1])) : undefined;
}

/**
 * The dims that are 1 when an entry that decodes reads a chunk of which one place counts: those of lists of indices that
 * pick rows, and of nothing else (`logits_to_keep`). Undefined where there are none.
 */
export function choiceDims(program: Program, graph: Graph): ReadonlyMap<string, number> | undefined {
  const decoding = decodeDims(program, graph);
  const isChoice = (input: Value) => {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(input));
    return (
      input.type.shape.length === 1 &&
      readers.every(({ op, inputs }) => op.name === ops.gather.name && inputs[0] !== input)
    );
  };
  const namesOfAll = (inputs: readonly Value[]) => inputs.flatMap(({ type }) => type.shape.flatMap(namesOf));
  const others = new Set(namesOfAll(graph.inputs.filter((input) => !isChoice(input))));
  const names = namesOfAll(graph.inputs.filter(isChoice)).filter((name) => decoding?.has(name) && !others.has(name));
  return names.length > 0 ? new Map(names.map((name) => [name, 1])) : undefined;
}

/** The entry with numbers for some dims. Params keep their identity; all other values are new ones of the same names. */
export function specialise(graph: Graph, when: ReadonlyMap<string, number>): Specialisation {
  const known = new Map<Value, Value>();
  const value = (old: Value): Value => {
    if (old.kind === 'param') return old;
    const made = known.get(old) ?? { ...old, type: { ...old.type, shape: old.type.shape.map(size) } };
    known.set(old, made);
    return made;
  };
  const size = (dim: Dim): Dim => substituteDim(dim, when);
  const attr = (old: AttrValue): AttrValue => {
    if (isSymbolic(old)) return size(old);
    // What is no number, text or size is a list of attributes.
    return typeof old === 'object' ? (old as readonly AttrValue[]).map(attr) : old;
  };
  const node = (old: Node): Node =>
    withoutChoice({
      ...old,
      inputs: old.inputs.map(value),
      outputs: old.outputs.map(value),
      attrs: Object.fromEntries(Object.entries(old.attrs).map(([name, set]) => [name, attr(set)])),
    });
  return {
    when,
    graph: {
      name: graph.name,
      inputs: graph.inputs.map(value),
      states: graph.states.map(({ state, start, end }) => ({ state, start: value(start), end: value(end) })),
      nodes: graph.nodes.map(node),
      outputs: graph.outputs.map((output) => ({ name: output.name, value: value(output.value) })),
    },
  };
}

function namesOf(dim: Dim): readonly string[] {
  return typeof dim === 'number' ? [] : dim.names;
}

/** Picking one of one is a view: indices are checked against sizes before they get here. */
function withoutChoice(node: Node): Node {
  const [table] = node.inputs;
  const [result] = node.outputs;
  if (node.op.name !== ops.gather.name || !table || !result) return node;
  const axis = axisOf(Number(node.attrs.axis), table.type.shape.length);
  const same = table.type.shape[axis] === 1 && sameDim(productDims(table.type.shape), productDims(result.type.shape));
  return same ? { ...node, op: ops.reshape, inputs: [table], attrs: { shape: result.type.shape } } : node;
}
