import type { Graph, Node, Value } from '@casement/ir';
import type { ProfileLimits } from '../profile.ts';
import { Clusters } from './clusters.ts';
import type { Projection, Section } from './projection.ts';

/** What a device allows. */
export interface FusionRules {
  readonly limits: ProfileLimits;
  /** Results that a unit of a fused kernel computes. */
  readonly results: number;
  /** Whether a param can be bound whole. */
  readonly isWhole: (param: Value) => boolean;
  /** How many bindings cover these states. */
  readonly rangesOf: (states: readonly string[]) => number;
}

/** A graph while fusions look for what one kernel can compute. */
export class Fusion {
  readonly clusters: Clusters;
  /** In the order of their first nodes. */
  projections: Projection[] = [];
  /** Attentions that are computed in parts, which a projection joins. */
  readonly partedAttentions = new Set<Node>();
  /** What was left alone, and why. */
  readonly notes: string[] = [];
  private readonly producers = new Map<Value, Node>();
  private readonly readers = new Map<Value, Node[]>();
  private readonly places = new Map<Node, number>();
  private readonly outputs: ReadonlySet<Value>;

  constructor(
    readonly graph: Graph,
    readonly rules: FusionRules,
  ) {
    this.clusters = new Clusters(graph);
    this.outputs = new Set(graph.outputs.map(({ value }) => value));
    graph.nodes.forEach((node, place) => {
      this.places.set(node, place);
      for (const value of node.outputs) this.producers.set(value, node);
      for (const value of new Set(node.inputs)) this.readers.set(value, [...this.readersOf(value), node]);
    });
  }

  producerOf(value: Value): Node | undefined {
    return this.producers.get(value);
  }

  readersOf(value: Value): readonly Node[] {
    return this.readers.get(value) ?? [];
  }

  isOutput(value: Value): boolean {
    return this.outputs.has(value);
  }

  /** Whether a value that one kernel computes with these nodes must be stored; versions of states are in their place. */
  isStored(value: Value, nodes: ReadonlySet<Node>): boolean {
    if (value.state !== undefined) return false;
    return this.isOutput(value) || this.readersOf(value).some((reader) => !nodes.has(reader));
  }

  /** Nodes in the graph's order. */
  sorted(nodes: Iterable<Node>): Node[] {
    return [...nodes].sort((a, b) => (this.places.get(a) ?? 0) - (this.places.get(b) ?? 0));
  }

  /** Whether no cluster has taken a node yet. */
  isAlone(node: Node): boolean {
    return this.clusters.of(node).nodes.size === 1;
  }

  /** Why a node cannot run with others (its value or its place), as a note. */
  note(fusion: string, node: Node, why: string): void {
    const scope = node.origin.scope ? ` (${node.origin.scope})` : '';
    this.notes.push(`${fusion}: ${node.op.name} "${node.outputs[0]?.name}"${scope}: ${why}`);
  }

  /** Sections with their projections, as they are now. */
  get sections(): readonly { readonly projection: Projection; readonly section: Section }[] {
    return this.projections.flatMap((projection) => projection.sections.map((section) => ({ projection, section })));
  }

  /** Whether all weights of a section can be bound whole. */
  isWhole({ linears }: Section): boolean {
    return linears.every(({ inputs: [, weight] }) => weight !== undefined && this.rules.isWhole(weight));
  }

  replaceSection(projection: Projection, old: Section, next: Section): void {
    projection.sections.splice(projection.sections.indexOf(old), 1, next);
  }
}
