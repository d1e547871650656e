import { isFloat, mulDims, type Node, ops, productDims, sameDim, type Value } from '@casement/ir';
import { expressionOf } from '../wgsl/expressions.ts';
import { operandIndex } from './broadcast.ts';
import type { Fusion } from './fusion.ts';
import { type Projection, rowsOf, type Section, valuesOf, vectorsOf } from './projection.ts';

const NAME = 'absorbElementwise';

/** Linears that are computed side by side; a unit has a row of each at least. */
const MOST_JOINED = 4;

/**
 * What is computed element by element from a fused kernel's rows (a residual sum, an activation, a gate, views) is
 * computed where the rows are. Two sections of one kernel that meet in such a node are computed side by side.
 */
export function absorbElementwise(fusion: Fusion): boolean {
  let changed = false;
  for (const node of fusion.graph.nodes) {
    if (!isElementwise(node) || !fusion.isAlone(node)) continue;
    const home = homeOf(fusion, node.inputs);
    if (home && absorb(fusion, home.projection, home.section, node)) changed = true;
  }
  return changed;
}

function isElementwise({ op, inputs, outputs }: Node): boolean {
  const floats = [...inputs, ...outputs].every(({ type }) => isFloat(type.dtype));
  const view = op.name === ops.reshape.name || op.name === ops.cast.name;
  return floats && (view || expressionOf(op.name) !== undefined);
}

/** The section that computes one of the values; the latest one, since that waits for the others. */
function homeOf(fusion: Fusion, values: readonly Value[]) {
  return fusion.sections.findLast(({ section }) => valuesOf(section).some((value) => values.includes(value)));
}

function absorb(fusion: Fusion, projection: Projection, section: Section, node: Node): boolean {
  const [result] = node.outputs;
  const [first] = section.linears;
  if (!result || !first) return false;
  const size = mulDims(vectorsOf(projection.source.x), rowsOf(section));
  if (!sameDim(productDims(result.type.shape), size)) return decline('its result has another size than the rows');
  const others = projection.sections.filter(
    (other) => other !== section && valuesOf(other).some((value) => node.inputs.includes(value)),
  );
  const joined = [...others, section];
  const linears = fusion.sorted(joined.flatMap((part) => part.linears));
  if (linears.length > MOST_JOINED) return decline(`it joins ${linears.length} linears`);
  if (others.some((other) => rowsOf(other) !== rowsOf(section) || other.pairing || section.pairing)) {
    return decline('it joins rows that are computed in different orders');
  }
  if (others.length > 0 && !alike(fusion, joined)) return decline('it joins weights that are stored differently');
  const own = new Set(joined.flatMap(valuesOf));
  for (const value of node.inputs) {
    if (own.has(value)) continue;
    if (value.state !== undefined) return decline(`it reads the state "${value.state}"`);
    if (operandIndex(value.type.shape, result.type.shape, 'element') === undefined) {
      return decline(`"${value.name}" is broadcast in a way that rows do not follow`);
    }
  }
  if (!fusion.clusters.join(first, node)) return decline('what it reads needs a result of this kernel');
  for (const other of others) projection.sections.splice(projection.sections.indexOf(other), 1);
  const nodes = fusion.sorted([...joined.flatMap((part) => part.nodes), node]);
  fusion.replaceSection(projection, section, { ...section, linears, nodes });
  return true;

  function decline(why: string): false {
    fusion.note(NAME, node, why);
    return false;
  }
}

/** Whether one loop can read the weights of sections. */
function alike(fusion: Fusion, sections: readonly Section[]): boolean {
  const kinds = sections.flatMap(({ linears }) =>
    linears.map(({ op, inputs: [, weight], attrs }) => JSON.stringify([op.name, weight?.type.dtype, attrs])),
  );
  return new Set(kinds).size === 1 && sections.every((section) => fusion.isWhole(section));
}
