import type { Node, Value } from '@casement/ir';

/** Nodes grouped by `keys`; those without a key stand alone, or in a chain. */
export interface Contracted {
  /** In topological order, unless groups are cyclic. */
  readonly units: readonly (readonly Node[])[];
  /** The keys of groups that lie on a cycle or between cycles. */
  readonly cyclic: ReadonlySet<string>;
}

/**
 * Makes each group of nodes one. The nodes must be in topological order.
 *
 * @param shown whether a value is drawn as an operand; constants are not
 */
export function contracted(
  nodes: readonly Node[],
  keys: ReadonlyMap<Node, string | undefined>,
  shown: (value: Value) => boolean,
): Contracted {
  const before = predecessors(nodes);
  const groups = new Map<string | Node, Node[]>();
  const groupOf = new Map<Node, string | Node>();
  for (const node of nodes) {
    const key = keys.get(node) ?? chained(node, before, keys, groupOf, shown) ?? node;
    groupOf.set(node, key);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const into = new Map<string | Node, Set<string | Node>>([...groups.keys()].map((key) => [key, new Set()]));
  for (const [node, key] of groupOf) {
    for (const producer of before.get(node) ?? []) {
      const from = groupOf.get(producer) ?? producer;
      if (from !== key) into.get(key)?.add(from);
    }
  }
  const order: (string | Node)[] = [];
  const left = new Set(groups.keys());
  for (;;) {
    const free = [...left].filter((key) => [...(into.get(key) ?? [])].every((from) => !left.has(from)));
    if (free.length === 0) break;
    for (const key of free) {
      left.delete(key);
      order.push(key);
    }
  }
  return {
    units: order.map((key) => groups.get(key) ?? []),
    cyclic: new Set([...left].filter((key) => typeof key === 'string')),
  };
}

/** Whether no path leaves the group and comes back. */
export function convex(nodes: readonly Node[], inGroup: (node: Node) => boolean): boolean {
  const before = predecessors(nodes);
  const behind = new Set<Node>();
  for (const node of nodes) {
    const producers = [...(before.get(node) ?? [])];
    const returns = producers.some((producer) => behind.has(producer));
    if (inGroup(node)) {
      if (returns) return false;
    } else if (returns || producers.some(inGroup)) behind.add(node);
  }
  return true;
}

/** The chain that a node goes on with: its one producer's, if nobody else wants what that makes. */
function chained(
  node: Node,
  before: ReadonlyMap<Node, ReadonlySet<Node>>,
  keys: ReadonlyMap<Node, string | undefined>,
  groupOf: ReadonlyMap<Node, string | Node>,
  shown: (value: Value) => boolean,
): string | Node | undefined {
  const [producer, ...others] = before.get(node) ?? [];
  if (producer === undefined || others.length > 0 || keys.get(producer) !== undefined) return undefined;
  if (node.inputs.some((value) => shown(value) && !producer.outputs.includes(value))) return undefined;
  const wanted = [...before].filter(([, producers]) => producers.has(producer));
  return wanted.length === 1 ? groupOf.get(producer) : undefined;
}

function predecessors(nodes: readonly Node[]): Map<Node, ReadonlySet<Node>> {
  const producers = new Map<Value, Node>(nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  return new Map(
    nodes.map((node) => {
      const found = node.inputs.map((value) => producers.get(value)).filter((producer) => producer !== undefined);
      return [node, new Set(found)];
    }),
  );
}
