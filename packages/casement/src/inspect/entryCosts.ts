import {
  addDims,
  type Dim,
  type DimBindings,
  dtypeBytes,
  evaluateDim,
  type Graph,
  lengthDim,
  mulDims,
  type Node,
  namedDim,
  type Program,
  productDims,
  sumDims,
  type Value,
} from '@casement/ir';
import { runPasses, standardPasses } from '@casement/passes';
import { costs, type OpCost } from './costs.ts';

/** What one run of an entry costs, in the program's dims and those of `segmented`. */
export interface EntryCost {
  readonly graph: Graph;
  /** Floating-point operations; see `costs`. */
  readonly flops: Dim;
  /** Weights and caches, as often as an op reads them. Activations are not counted: kernels may keep them on chip. */
  readonly bytesRead: Dim;
  /** Lengths of the states after the run, by the dim that counts them; those that it leaves alone are absent. */
  readonly lengthsAfter: ReadonlyMap<string, Dim>;
  /** How many pairs attentions with segments see depends on data: each number is a dim of its own. */
  readonly segmented: ReadonlyMap<string, Node>;
}

export interface ProgramCosts {
  readonly entries: ReadonlyMap<string, EntryCost>;
  /** What the states hold. */
  readonly cacheBytes: Dim;
}

/** Numbers of one run. */
export interface Cost {
  readonly flops: number;
  readonly bytesRead: number;
}

/**
 * What a program's entries cost, exactly: summed over the nodes that a target would run, where equal nodes are one and
 * unused ones are gone.
 */
export function programCosts(program: Program): ProgramCosts {
  const counted = runPasses(
    program,
    standardPasses((name) => Object.hasOwn(costs, name)),
  ).program;
  const states = [...program.states.values()];
  return {
    entries: new Map([...counted.entries].map(([name, graph]) => [name, entryCost(counted, graph)])),
    cacheBytes: sumDims(states.map(({ type }) => bytesOf(type))),
  };
}

/** Throws RangeError when a dim of the cost has no value. */
export function costAt({ flops, bytesRead }: EntryCost, bindings: DimBindings): Cost {
  return { flops: evaluateDim(flops, bindings), bytesRead: evaluateDim(bytesRead, bindings) };
}

function entryCost(program: Program, graph: Graph): EntryCost {
  const segmented = new Map<string, Node>();
  const byOperands = new Map<string, string>();
  const segmentPairs = (node: Node): Dim => {
    const key = [...node.inputs.slice(3).map(({ name }) => name), String(node.attrs.causal)].join();
    const name = byOperands.get(key) ?? `pairs${byOperands.size || ''}`;
    byOperands.set(key, name);
    segmented.set(name, node);
    return namedDim(name);
  };
  const readsOf = memoryReads(graph);
  const perNode = graph.nodes.map((node) => {
    const cost = costOf(node);
    return { flops: cost.flops(node, segmentPairs), bytesRead: readsOf(node, cost) };
  });
  const ends = graph.states.map(({ state, end }): [string, Dim] | undefined => {
    const decl = program.states.get(state);
    return decl && [lengthDim(decl), end.type.shape[decl.axis] ?? 0];
  });
  return {
    graph,
    flops: sumDims(perNode.map(({ flops }) => flops)),
    bytesRead: sumDims(perNode.map(({ bytesRead }) => bytesRead)),
    lengthsAfter: new Map(ends.filter((end) => end !== undefined)),
    segmented,
  };
}

function costOf({ op }: Node): OpCost {
  if (!Object.hasOwn(costs, op.name)) throw new Error(`op ${op.name} has no cost; add it to inspect/costs.ts`);
  return costs[op.name as keyof typeof costs]; // hasOwn proves the key
}

/** Bytes of weights and caches that a node reads. What `reshape` makes of a weight is still the weight. */
function memoryReads(graph: Graph): (node: Node, cost: OpCost) => Dim {
  const views = new Set<Value>();
  const inMemory = (value: Value) => value.kind === 'param' || value.state !== undefined || views.has(value);
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op.name === 'reshape' && inputs.some(inMemory)) for (const output of outputs) views.add(output);
  }
  return (node, { reads }) => {
    if (reads === 'nothing') return 0;
    const operands = [...new Set(node.inputs)].filter(inMemory);
    const picked = ({ type }: Value): Dim => {
      if (reads === 'all') return bytesOf(type);
      if (reads === 'picked') return bytesOf((node.outputs[0] ?? { type }).type);
      const indices = productDims(node.inputs[0]?.type.shape ?? []);
      return mulDims(indices, bytesOf({ dtype: type.dtype, shape: type.shape.slice(1) }));
    };
    return operands.map(picked).reduce(addDims, 0);
  };
}

function bytesOf({ dtype, shape }: Value['type']): Dim {
  return mulDims(productDims(shape), dtypeBytes(dtype));
}
