import { type Node, ops, type RopeAttrs, sameDim, type Value } from '@casement/ir';
import type { Fusion } from './fusion.ts';
import { type Pairing, rowsPerUnit, valuesOf } from './projection.ts';

const NAME = 'absorbRope';

/** Queries and keys are rotated where their rows are computed: one thread computes both rows of a pair. */
export function absorbRope(fusion: Fusion): boolean {
  let changed = false;
  for (const node of fusion.graph.nodes) {
    const [x, positions] = node.inputs;
    if (node.op.name !== ops.rope.name || !fusion.isAlone(node) || !x || !positions) continue;
    const home = fusion.sections.find(({ section }) => valuesOf(section).includes(x));
    const [first] = home?.section.linears ?? [];
    if (!home || !first) continue;
    const { projection, section } = home;
    const pairing = pairingOf(node, x);
    const problem =
      positionsProblem(positions) ??
      (fusion.isWhole(section) ? undefined : 'its weight is bound in pieces') ??
      (rowsPerUnit(section, fusion.rules.results) % 2 !== 0
        ? `a thread computes one row of each of ${section.linears.length} linears`
        : undefined) ??
      (section.pairing && !samePairing(section.pairing, pairing) ? 'its rows are in pairs of another kind' : undefined);
    if (problem) fusion.note(NAME, node, problem);
    else if (!fusion.clusters.join(first, node)) fusion.note(NAME, node, 'its positions need a result of this kernel');
    else {
      fusion.replaceSection(projection, section, {
        ...section,
        nodes: fusion.sorted([...section.nodes, node]),
        pairing,
      });
      changed = true;
    }
  }
  return changed;
}

function pairingOf(node: Node, x: Value): Pairing {
  const { layout } = node.attrs as RopeAttrs; // the op's attributes, by its name
  return { layout, half: Number(x.type.shape[3]) / 2 };
}

function samePairing(a: Pairing, b: Pairing): boolean {
  return a.layout === b.layout && a.half === b.half;
}

/** One position, or one on each axis. */
function positionsProblem({ type, state }: Value): string | undefined {
  if (state !== undefined) return `its positions are the state "${state}"`;
  return type.shape.slice(-2).every((size) => sameDim(size, 1)) ? undefined : 'there are several positions';
}
