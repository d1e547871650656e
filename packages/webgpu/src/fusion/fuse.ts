import type { Graph, Node } from '@casement/ir';
import { absorbAppend } from './absorbAppend.ts';
import { absorbAttention } from './absorbAttention.ts';
import { absorbElementwise } from './absorbElementwise.ts';
import { absorbNorm } from './absorbNorm.ts';
import { absorbRope } from './absorbRope.ts';
import { countBuffers } from './countBuffers.ts';
import { Fusion, type FusionRules } from './fusion.ts';
import type { Projection } from './projection.ts';
import { shareInput } from './shareInput.ts';

/** What a graph runs, in order: fused kernels, attentions in parts, and nodes that are lowered one by one. */
export type FusedStep =
  | { readonly kind: 'projection'; readonly projection: Projection; readonly nodes: ReadonlySet<Node> }
  | { readonly kind: 'attention'; readonly node: Node }
  | { readonly kind: 'node'; readonly node: Node };

export interface FusedGraph {
  readonly fusion: Fusion;
  readonly steps: readonly FusedStep[];
}

/** Finds what one kernel can compute, fusion after fusion, until none finds more. */
export function fuse(graph: Graph, rules: FusionRules): FusedGraph {
  const fusion = new Fusion(graph, rules);
  shareInput(fusion);
  absorbNorm(fusion);
  absorbAttention(fusion);
  const growing = [absorbRope, absorbAppend, absorbElementwise];
  let notes: string[] = [];
  for (let changed = true; changed; ) {
    // What stands in the way in one round may be out of it in the next.
    const before = fusion.notes.length;
    changed = growing.map((absorb) => absorb(fusion)).includes(true);
    notes = fusion.notes.splice(before);
  }
  fusion.notes.push(...notes);
  countBuffers(fusion);
  return { fusion, steps: stepsOf(fusion) };
}

function stepsOf(fusion: Fusion): readonly FusedStep[] {
  const homes = new Map(
    fusion.projections.flatMap((projection) => {
      const [first] = projection.sections[0]?.linears ?? [];
      return first ? [[fusion.clusters.of(first), projection] as const] : [];
    }),
  );
  return fusion.clusters.inOrder().flatMap((cluster): FusedStep[] => {
    const projection = homes.get(cluster);
    if (projection) return [{ kind: 'projection', projection, nodes: cluster.nodes }];
    return fusion.sorted(cluster.nodes).map((node) => {
      return { kind: fusion.partedAttentions.has(node) ? 'attention' : 'node', node };
    });
  });
}
