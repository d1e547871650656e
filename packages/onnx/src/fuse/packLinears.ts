import { type Graph, makeNode, type Node, ops, type Value } from '@casement/ir';
import type { WeightPlace } from '../proto.ts';
import { type JointParam, joinParams } from './jointWeights.ts';
import { Notes } from './notes.ts';
import { isLinear, type Qkv } from './qkv.ts';

export interface Packed {
  readonly graph: Graph;
  readonly params: readonly JointParam[];
  /** The rows of queries, keys and values side by side, for attentions that take them so. */
  readonly qkv: ReadonlyMap<Qkv, Value>;
}

/**
 * Computes linear layers of the same rows as one: their weights are read as one tensor, and the results are slices of
 * its rows. `together` are triples whose results are wanted side by side. Layers whose weights do not lie one behind
 * the other stay alone. Results keep their identity.
 */
export function packLinears(
  graph: Graph,
  weights: (param: string) => WeightPlace,
  together: readonly Qkv[],
  notes = new Notes(),
): Packed {
  const params: JointParam[] = [];
  const qkv = new Map<Qkv, Value>();
  const replaced = new Map<Node, readonly Node[]>();
  for (const group of linearGroups(graph)) {
    const runs = adjacentRuns(group, weights);
    if (runs[0]?.nodes.length !== group.length) {
      const first = group[0]?.inputs[1]?.name;
      const why = `its weight and those of ${group.length - 1} more do not all lie one behind the other in one file`;
      notes.add('linear layers of the same rows', `${first}`, why);
    }
    for (const { nodes, joints } of runs) {
      params.push(...joints);
      const pack = packed(nodes, joints, together);
      for (const [node] of nodes.entries()) replaced.set(nodes[node] as Node, node === 0 ? pack.nodes : []);
      for (const [triple, value] of pack.qkv) qkv.set(triple, value);
    }
  }
  if (replaced.size === 0) return { graph, params, qkv };
  return { graph: { ...graph, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node]) }, params, qkv };
}

/** Linear layers of one kind that read the same value, in their order. */
export function linearGroups({ nodes }: Graph): Node[][] {
  const groups = new Map<Value, Map<string, Node[]>>();
  for (const node of nodes) {
    const [x, ...operands] = node.inputs;
    if (!x || !isLinear(node) || operands.some(({ kind }) => kind !== 'param')) continue;
    const key = `${node.op.name} ${JSON.stringify(node.attrs)} ${operands.map(({ type }) => `${type.dtype}${type.shape.slice(1)}`)}`;
    const kinds = groups.get(x) ?? new Map<string, Node[]>();
    groups.set(x, kinds.set(key, [...(kinds.get(key) ?? []), node]));
  }
  return [...groups.values()].flatMap((kinds) => [...kinds.values()]).filter((group) => group.length > 1);
}

interface Run {
  readonly nodes: readonly Node[];
  readonly joints: readonly JointParam[];
}

/** The longest stretches of a group whose weights can be read as one. */
function adjacentRuns(group: readonly Node[], weights: (param: string) => WeightPlace): Run[] {
  const runs: Run[] = [];
  let from = 0;
  while (from < group.length) {
    let run: Run | undefined;
    let to = from + 2;
    for (; to <= group.length; to++) {
      const joints = jointOperands(group.slice(from, to), weights);
      if (joints === undefined) break;
      run = { nodes: group.slice(from, to), joints };
    }
    if (run) runs.push(run);
    from += run?.nodes.length ?? 1;
  }
  return runs;
}

function jointOperands(nodes: readonly Node[], weights: (param: string) => WeightPlace): JointParam[] | undefined {
  const count = (nodes[0]?.inputs.length ?? 1) - 1;
  const joints = Array.from({ length: count }, (_, i) => {
    const operands = nodes.flatMap(({ inputs }) => inputs[i + 1] ?? []);
    return new Set(operands).size === nodes.length ? joinParams(operands, weights) : undefined;
  });
  const found = joints.filter((joint) => joint !== undefined);
  return found.length === count ? found : undefined;
}

function packed(nodes: readonly Node[], joints: readonly JointParam[], together: readonly Qkv[]) {
  const [first] = nodes;
  const [x] = first?.inputs ?? [];
  if (!first || !x) throw new RangeError('a pack has at least one layer');
  const { op, attrs, origin } = first;
  const operands = [x, ...joints.map(({ param }) => param)];
  const joint = makeNode(op, operands, attrs, origin, () => `${nameOf(first)}.joint`);
  const made: Node[] = [joint];
  const qkv = new Map<Qkv, Value>();
  const slice = (from: Value, parts: readonly Node[], at: number, origin: Node['origin'], output?: Value): Value => {
    const size = parts.reduce((sum, part) => sum + width(part), 0);
    const node = makeNode(ops.slice, [from], { axis: -1, start: at, size }, origin, () => `${nameOf(parts[0])}.part`);
    made.push(output ? { ...node, outputs: [output] } : node);
    return output ?? (node.outputs[0] as Value); // a slice has one result
  };
  const [all] = joint.outputs;
  if (!all) throw new RangeError('a linear layer has one result');
  let at = 0;
  for (let i = 0; i < nodes.length; ) {
    const triple = together.find(({ linears }) => linears.every((linear, part) => nodes[i + part] === linear));
    const parts = nodes.slice(i, i + (triple ? 3 : 1));
    const whole = parts.length === nodes.length;
    const piece = !triple ? all : whole ? all : slice(all, parts, at, parts[0]?.origin ?? origin);
    let within = triple && !whole ? 0 : at;
    for (const part of parts) {
      slice(piece, [part], within, part.origin, part.outputs[0]);
      within += width(part);
      at += width(part);
    }
    for (const each of together) if (triple && sameLinears(each, triple)) qkv.set(each, piece);
    i += parts.length;
  }
  return { nodes: made, qkv };
}

function sameLinears(a: Qkv, b: Qkv): boolean {
  return a.linears.every((linear, part) => linear === b.linears[part]);
}

function width(linear: Node | undefined): number {
  return Number(linear?.outputs[0]?.type.shape.at(-1)); // the rows of a param
}

function nameOf(node: Node | undefined): string {
  return node?.outputs[0]?.name ?? '';
}
