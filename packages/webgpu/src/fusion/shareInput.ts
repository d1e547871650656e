import { isFloat, type Node, ops, productDims, type Value } from '@casement/ir';
import { rowFormatProblem } from '../wgsl/rowFormat.ts';
import type { Fusion } from './fusion.ts';
import type { Projection } from './projection.ts';

const NAME = 'shareInput';
const LINEARS: ReadonlySet<string> = new Set([ops.linear.name, ops.quantizedLinear.name]);

/**
 * Linears of one row of x that read the same x become one kernel: q, k and v, gate and up, and what a fusion layer makes
 * of the same normed x. Comes first: the other fusions extend what this one finds.
 */
export function shareInput(fusion: Fusion): void {
  const byInput = new Map<Value, Projection>();
  for (const node of fusion.graph.nodes) {
    const [x] = node.inputs;
    if (x === undefined || !LINEARS.has(node.op.name)) continue;
    const problem = problemOf(node, x);
    if (problem) {
      fusion.note(NAME, node, problem);
      continue;
    }
    const section = { linears: [node], nodes: [], pairing: undefined };
    const known = byInput.get(x);
    const [first] = known?.sections[0]?.linears ?? [];
    if (known && first && fusion.clusters.join(first, node)) {
      known.sections.push(section);
      continue;
    }
    if (known) fusion.note(NAME, node, `what reads "${x.name}" before it must have run when it starts`);
    const projection: Projection = { source: { x }, sections: [section] };
    byInput.set(x, projection);
    fusion.projections.push(projection);
  }
}

function problemOf(node: Node, x: Value): string | undefined {
  const rows = productDims(x.type.shape.slice(0, -1));
  if (rows !== 1) return `x has ${rows} rows, fused kernels take one`;
  if (x.state !== undefined) return `x is the state "${x.state}"`;
  if (!isFloat(x.type.dtype)) return `x is ${x.type.dtype}`;
  return rowFormatProblem(node);
}
