import { isFloat, type Node, ops, quantizedOperands, type Value } from '@casement/ir';
import { rowFormatProblem, tileFormatProblem } from '../wgsl/rowFormat.ts';
import type { Fusion } from './fusion.ts';
import { type Projection, vectorsOf } from './projection.ts';

const NAME = 'shareInput';
const LINEARS: ReadonlySet<string> = new Set([ops.linear.name, ops.quantizedLinear.name]);

/**
 * Linears that read the same x become one kernel: q, k and v, gate and up, what a fusion layer makes of the same normed x,
 * and the keys and values that all fusion layers make of an image. Comes first: the other fusions extend what this one
 * finds.
 */
export function shareInput(fusion: Fusion): void {
  const byInput = new Map<Value, Projection[]>();
  for (const node of fusion.graph.nodes) {
    const [x] = node.inputs;
    if (x === undefined || !LINEARS.has(node.op.name)) continue;
    const problem = problemOf(fusion, node, x);
    if (problem) {
      fusion.note(NAME, node, problem);
      continue;
    }
    const section = { linears: [node], nodes: [], pairing: undefined };
    const known = byInput.get(x) ?? [];
    const home = known.find((projection) => isReadAlike(projection, node) && joins(fusion, projection, node));
    if (home) {
      home.sections.push(section);
      continue;
    }
    const [other] = known;
    if (other) {
      const why = isReadAlike(other, node)
        ? `what reads "${x.name}" before it must have run when it starts`
        : `its weight is stored otherwise than others that read "${x.name}"`;
      fusion.note(NAME, node, why);
    }
    const projection: Projection = { source: { x }, sections: [section] };
    byInput.set(x, [...known, projection]);
    fusion.projections.push(projection);
  }
}

function joins(fusion: Fusion, { sections: [section] }: Projection, node: Node): boolean {
  const [first] = section?.linears ?? [];
  return first !== undefined && fusion.clusters.join(first, node);
}

/** One row is read by a loop for each format of weights; tiles of many rows go through one loop. */
function isReadAlike({ source, sections }: Projection, node: Node): boolean {
  const [other] = sections[0]?.linears ?? [];
  return vectorsOf(source.x) === 1 || (other !== undefined && formatOf(other) === formatOf(node));
}

function formatOf({ op, inputs, attrs }: Node): string {
  const zeros = op.name === ops.quantizedLinear.name && quantizedOperands(inputs, 1).zeros !== undefined;
  return JSON.stringify([op.name, inputs[1]?.type.dtype, attrs.bits, attrs.block, zeros]);
}

function problemOf(fusion: Fusion, node: Node, x: Value): string | undefined {
  if (x.state !== undefined) return `x is the state "${x.state}"`;
  if (!isFloat(x.type.dtype)) return `x is ${x.type.dtype}`;
  if (vectorsOf(x) === 1) return rowFormatProblem(node);
  const [, weight] = node.inputs;
  if (weight && !fusion.rules.isWhole(weight)) return 'its weight is bound in pieces';
  return tileFormatProblem(node);
}
