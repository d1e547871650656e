import type { Graph, Node, Value } from '@casement/ir';

/** Nodes that one kernel, or one ordinary lowering, computes. Compared by identity. */
export interface Cluster {
  readonly nodes: ReadonlySet<Node>;
}

interface MutableCluster {
  readonly nodes: Set<Node>;
  /** Clusters that must run before this one. */
  readonly before: Set<MutableCluster>;
  readonly after: Set<MutableCluster>;
  /** Place of the earliest node. */
  first: number;
}

/**
 * A graph's nodes as clusters that can be joined as long as an order is left in which every cluster runs after what it
 * reads, and after whoever reads a version of a state that it updates.
 */
export class Clusters {
  private readonly homes = new Map<Node, MutableCluster>();

  constructor(graph: Graph) {
    const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
    graph.nodes.forEach((node, first) => {
      this.homes.set(node, { nodes: new Set([node]), before: new Set(), after: new Set(), first });
    });
    const readers = new Map<Value, Node[]>();
    for (const node of graph.nodes) {
      for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
    }
    for (const node of graph.nodes) {
      for (const input of node.inputs) this.order(producers.get(input), node);
      const [version] = node.op.updatesState ? node.inputs : [];
      for (const reader of version ? (readers.get(version) ?? []) : []) this.order(reader, node);
    }
  }

  of(node: Node): Cluster {
    return this.home(node);
  }

  /** Joins the clusters of two nodes; false, and nothing changes, when something between them would run on both sides. */
  join(a: Node, b: Node): boolean {
    const [x, y] = [this.home(a), this.home(b)];
    if (x === y) return true;
    if (leadsAround(x, y) || leadsAround(y, x)) return false;
    for (const node of y.nodes) {
      x.nodes.add(node);
      this.homes.set(node, x);
    }
    for (const other of y.before) relink(other.after, other !== x, x.before, other);
    for (const other of y.after) relink(other.before, other !== x, x.after, other);
    x.before.delete(y);
    x.after.delete(y);
    x.first = Math.min(x.first, y.first);
    return true;

    function relink(links: Set<MutableCluster>, keep: boolean, own: Set<MutableCluster>, other: MutableCluster) {
      links.delete(y);
      if (!keep) return;
      links.add(x);
      own.add(other);
    }
  }

  /** Clusters in an order in which they can run, as close to the nodes' as possible. */
  inOrder(): readonly Cluster[] {
    const waiting = new Set(this.homes.values());
    const open = new Map([...waiting].map((cluster) => [cluster, cluster.before.size]));
    const ready = [...waiting].filter((cluster) => cluster.before.size === 0);
    const order: Cluster[] = [];
    while (ready.length > 0) {
      ready.sort((a, b) => b.first - a.first);
      const next = ready.pop();
      if (next === undefined) break;
      order.push(next);
      for (const later of next.after) {
        const left = (open.get(later) ?? 0) - 1;
        open.set(later, left);
        if (left === 0) ready.push(later);
      }
    }
    return order;
  }

  private order(earlier: Node | undefined, later: Node): void {
    if (earlier === undefined || earlier === later) return;
    const [x, y] = [this.home(earlier), this.home(later)];
    x.after.add(y);
    y.before.add(x);
  }

  private home(node: Node): MutableCluster {
    const home = this.homes.get(node);
    if (home === undefined) throw new RangeError(`${node.op.name} is no node of this graph`);
    return home;
  }
}

/** Whether a way leads from `start` to `goal` that is longer than one step. */
function leadsAround(start: MutableCluster, goal: MutableCluster): boolean {
  const seen = new Set<MutableCluster>();
  const open = [...start.after].filter((next) => next !== goal);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === goal) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...at.after);
  }
  return false;
}
