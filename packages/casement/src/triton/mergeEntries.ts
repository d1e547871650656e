import { UserError } from '../error.ts';
import { dataTypeOf } from './dataTypes.ts';
import { type Onnx, type OnnxTensor, tensorOf, valueInfoOf } from './onnxModel.ts';

export interface Entry {
  readonly name: string;
  readonly model: Onnx.IModelProto;
}

/** The input that says which entry runs: i32[1], its place in the list. */
export const SELECTOR = 'entry';

const INT32 = 6;
const GRAPH = 5;
const TENSOR = 4;

/**
 * One model of several entries, chosen by an input, which share states and weights: Triton keeps states for a model, not
 * between models, and every model has weights of its own. Each entry becomes a branch of an `If`; inputs of the same
 * name and type are one; a state that an entry leaves alone goes through, and an output that it has not is one row of
 * zeros. Throws UserError for two outputs of one name that differ in type. `pasts` says which input an output continues. Sequences run one by one, so the dim `batch` becomes 1.
 */
export function mergeEntries(entries: readonly Entry[], pasts: ReadonlyMap<string, string>): Onnx.IModelProto {
  const [first, ...others] = entries;
  if (first === undefined) throw new RangeError('there are no entries to merge');
  if (others.length === 0) return oneSequence(first.model);
  const initializers = new Map<string, Onnx.ITensorProto>();
  const inputs = new Map<string, OnnxTensor>();
  const outputs = new Map<string, OnnxTensor>();
  const branches = entries.map(({ name, model }) => renamed(name, model, inputs, initializers));
  for (const [i, { outputs: own }] of branches.entries()) {
    for (const [name, tensor] of own) {
      const known = outputs.get(name);
      if (known && !sameType(known, tensor)) throw differing(name, entries.slice(0, i + 1), known, tensor);
      outputs.set(name, tensor);
    }
  }
  for (const [present, past] of pasts) {
    const tensor = outputs.get(present);
    if (tensor && !inputs.has(past)) inputs.set(past, { ...tensor, name: past });
  }
  const graphs = branches.map((branch, i) => branchGraph(branch, entries[i]?.name ?? '', inputs, outputs, pasts));
  const chosen = chooseGraph(graphs, [...outputs.keys()], 0);
  const selector = { name: SELECTOR, elementType: INT32, shape: [1] };
  const graph: Onnx.IGraphProto = {
    name: 'entries',
    input: [selector, ...inputs.values()].map(valueInfoOf),
    output: [...outputs.values()].map(valueInfoOf),
    initializer: [...initializers.values(), ...(chosen.initializer ?? [])],
    node: chosen.node ?? [],
  };
  return { irVersion: first.model.irVersion ?? null, opsetImport: opsets(entries), producerName: 'casement', graph };
}

interface Branch {
  readonly nodes: readonly Onnx.INodeProto[];
  /** Outputs of the whole, and the names that the branch has them under. */
  readonly results: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, OnnxTensor>;
}

/** An entry with names of its own, except for inputs and weights, which it shares. */
function renamed(
  entry: string,
  { graph }: Onnx.IModelProto,
  inputs: Map<string, OnnxTensor>,
  initializers: Map<string, Onnx.ITensorProto>,
): Branch {
  const names = new Map<string, string>([['', '']]);
  for (const info of graph?.input ?? []) {
    const tensor = single(tensorOf(info));
    const known = inputs.get(tensor.name);
    const shared = known === undefined || sameType(known, tensor);
    const name = shared ? tensor.name : `${entry}.${tensor.name}`;
    names.set(tensor.name, name);
    inputs.set(name, { ...tensor, name });
  }
  for (const tensor of graph?.initializer ?? []) {
    const place = (tensor.externalData ?? []).map(({ value }) => value).join('+');
    // The same bytes under the same name are the same weight; small constants are kept apart.
    const name = place === '' ? `${entry}/${tensor.name}` : `${tensor.name}@${place}`;
    names.set(tensor.name ?? '', name);
    initializers.set(name, { ...tensor, name });
  }
  const nameOf = (name: string) => names.get(name) ?? `${entry}/${name}`;
  const nodes = (graph?.node ?? []).map((node) => ({
    ...node,
    name: node.name ? `${entry}/${node.name}` : '',
    input: (node.input ?? []).map(nameOf),
    output: (node.output ?? []).map(nameOf),
  }));
  const outputs = (graph?.output ?? []).map((info) => single(tensorOf(info)));
  return {
    nodes,
    results: new Map(outputs.map(({ name }) => [name, nameOf(name)])),
    outputs: new Map(outputs.map((tensor) => [tensor.name, tensor])),
  };
}

/** A branch with all outputs of the whole, in their order. */
function branchGraph(
  { nodes, results }: Branch,
  entry: string,
  inputs: ReadonlyMap<string, OnnxTensor>,
  outputs: ReadonlyMap<string, OnnxTensor>,
  pasts: ReadonlyMap<string, string>,
): Onnx.IGraphProto {
  const added: Onnx.INodeProto[] = [];
  const output = [...outputs.values()].map((tensor) => {
    const own = results.get(tensor.name);
    if (own !== undefined) return valueInfoOf({ ...tensor, name: own });
    const name = `${entry}/kept/${tensor.name}`;
    const past = pasts.get(tensor.name);
    added.push(
      past !== undefined && inputs.has(past)
        ? { opType: 'Identity', input: [past], output: [name] }
        : { opType: 'Constant', output: [name], attribute: [{ name: 'value', type: TENSOR, t: zeros(tensor) }] },
    );
    return valueInfoOf({ ...tensor, name });
  });
  return { name: entry, node: [...nodes, ...added], output };
}

/** If the selector is `at`, the first graph, else what the others make of it. */
function chooseGraph(graphs: readonly Onnx.IGraphProto[], outputs: readonly string[], at: number): Onnx.IGraphProto {
  const [graph, ...others] = graphs;
  if (graph === undefined) return {};
  const rest = others.length === 1 ? others[0] : { ...chooseGraph(others, inner(outputs, at), at + 1), name: 'other' };
  const [number, condition] = [`${SELECTOR}.${at}`, `${SELECTOR}.is.${at}`];
  const constant = { name: number, dataType: INT32, dims: [1], int32Data: [at] };
  return {
    name: 'entries',
    initializer: at === 0 ? [constant] : [],
    node: [
      ...(at === 0
        ? []
        : [{ opType: 'Constant', output: [number], attribute: [{ name: 'value', type: TENSOR, t: constant }] }]),
      { opType: 'Equal', input: [SELECTOR, number], output: [condition] },
      {
        opType: 'If',
        input: [condition],
        output: [...outputs],
        attribute: [
          { name: 'then_branch', type: GRAPH, g: graph },
          { name: 'else_branch', type: GRAPH, g: rest ?? null },
        ],
      },
    ],
    output: outputs.map((name, i) => ({ ...graph.output?.[i], name })),
  };
}

/** Names of outputs within a branch that chooses again. */
function inner(outputs: readonly string[], at: number): string[] {
  return outputs.map((name) => `other.${at}/${name}`);
}

/** A model for one sequence, whose inner sizes are left to be found anew. */
function oneSequence({ graph, ...model }: Onnx.IModelProto): Onnx.IModelProto {
  const alone = (info: Onnx.IValueInfoProto) => valueInfoOf(single(tensorOf(info)));
  const [input, output] = [(graph?.input ?? []).map(alone), (graph?.output ?? []).map(alone)];
  return { ...model, graph: { ...graph, input, output, valueInfo: [] } };
}

function zeros({ name, elementType, shape }: OnnxTensor): Onnx.ITensorProto {
  const dims = shape.map((size) => (typeof size === 'number' ? size : 1));
  const { bytes } = dataTypeOf(elementType, name);
  return { dims, dataType: elementType, rawData: new Uint8Array(bytes * dims.reduce((a, b) => a * b, 1)) };
}

function single(tensor: OnnxTensor): OnnxTensor {
  return { ...tensor, shape: tensor.shape.map((size) => (size === 'batch' ? 1 : size)) };
}

function sameType(a: OnnxTensor, b: OnnxTensor): boolean {
  return a.elementType === b.elementType && a.shape.join() === b.shape.join();
}

function differing(name: string, entries: readonly Entry[], a: OnnxTensor, b: OnnxTensor): UserError {
  const of = ({ shape }: OnnxTensor) => `[${shape.join(', ')}]`;
  return new UserError(
    `entry "${entries.at(-1)?.name}" has an output "${name}" ${of(b)}, and an entry before it one ${of(a)}: one model of ` +
      'Triton holds all entries that share states, and cannot have both; give one another name in model.ts',
  );
}

function opsets(entries: readonly Entry[]): Onnx.IOperatorSetIdProto[] {
  const all = entries.flatMap(({ model }) => model.opsetImport ?? []);
  return [...new Map(all.map((opset) => [opset.domain ?? '', opset])).values()];
}
