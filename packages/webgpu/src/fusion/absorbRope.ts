import { type Node, ops, productDims, type RopeAttrs, sameDim, type Value } from '@casement/ir';
import type { Fusion } from './fusion.ts';
import { type Pairing, resultsOf, rowsOf, rowsPerUnit, type Section, valuesOf, vectorsOf } from './projection.ts';

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
      positionsProblem(positions, projection.source.x) ??
      headsProblem(x, section) ??
      (fusion.isWhole(section) ? undefined : 'its weight is bound in pieces') ??
      (rowsPerUnit(section, resultsOf(projection, fusion.rules.results)) % 2 !== 0
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

/** One position for each row of x, or one on each axis. */
function positionsProblem({ type, state }: Value, x: Value): string | undefined {
  if (state !== undefined) return `its positions are the state "${state}"`;
  return sameDim(productDims(type.shape.slice(-2)), vectorsOf(x))
    ? undefined
    : 'its positions are not those of rows of x';
}

/** Heads of a row of x lie side by side. */
function headsProblem({ type }: Value, section: Section): string | undefined {
  return productDims(type.shape.slice(2)) === rowsOf(section) ? undefined : 'it turns heads that rows are not made of';
}
