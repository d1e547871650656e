import { axisOf, ops, productDims, sameDim } from '@casement/ir';
import type { Fusion } from './fusion.ts';
import { resultsOf, rowsPerUnit, valuesOf, vectorsOf } from './projection.ts';

const NAME = 'absorbAppend';

/** What is appended to a state is written there by the kernel that computes it. */
export function absorbAppend(fusion: Fusion): boolean {
  let changed = false;
  for (const node of fusion.graph.nodes) {
    const [state, x] = node.inputs;
    if (node.op.name !== ops.append.name || !fusion.isAlone(node) || !state || !x) continue;
    const home = fusion.sections.find(({ section }) => valuesOf(section).includes(x));
    const [first] = home?.section.linears ?? [];
    if (!home || !first) continue;
    const { projection, section } = home;
    const axis = axisOf(Number(node.attrs.axis), x.type.shape.length);
    const [half, perUnit] = [
      section.pairing?.half ?? 2,
      rowsPerUnit(section, resultsOf(projection, fusion.rules.results)),
    ];
    const oddPairs = section.pairing?.layout === 'half' && (half % 2 !== 0 || perUnit % 4 !== 0);
    const positions = productDims(x.type.shape.slice(axis, axis + 1));
    const inOrder =
      productDims(x.type.shape.slice(0, axis)) === 1 && sameDim(positions, vectorsOf(projection.source.x));
    if (!inOrder) fusion.note(NAME, node, 'its positions are not the rows of x');
    else if (oddPairs) fusion.note(NAME, node, 'pairs of rows do not come in twos');
    else if (!fusion.isWhole(section)) fusion.note(NAME, node, 'its weight is bound in pieces');
    else if (perUnit % 2 !== 0) fusion.note(NAME, node, 'its kernel joins too many linears');
    else if (!fusion.clusters.join(first, node))
      fusion.note(NAME, node, 'an old version of the state is read after it');
    else {
      fusion.replaceSection(projection, section, { ...section, nodes: fusion.sorted([...section.nodes, node]) });
      changed = true;
    }
  }
  return changed;
}
