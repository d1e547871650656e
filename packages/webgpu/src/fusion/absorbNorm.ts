import { ops } from '@casement/ir';
import type { Fusion } from './fusion.ts';
import { vectorsOf } from './projection.ts';

const NAME = 'absorbNorm';
const NORMS: ReadonlySet<string> = new Set([ops.rmsNorm.name, ops.layerNorm.name, ops.standardize.name]);

/**
 * A norm that only one fused kernel reads is computed where that kernel reads it:
 * rmsNorm(x)·Wᵀ = (W·(x ⊙ g)) / √(mean x² + eps), so that the row's scale is applied at the end.
 */
export function absorbNorm(fusion: Fusion): void {
  for (const projection of fusion.projections) {
    const { x } = projection.source;
    const norm = fusion.producerOf(x);
    const [first] = projection.sections[0]?.linears ?? [];
    const [source] = norm?.inputs ?? [];
    // Rows that many columns are computed from are normed once, before.
    if (!norm || !first || !source || !NORMS.has(norm.op.name) || vectorsOf(x) !== 1) continue;
    const cluster = fusion.clusters.of(first);
    const other = fusion.readersOf(x).find((reader) => !cluster.nodes.has(reader));
    if (fusion.isOutput(x)) fusion.note(NAME, norm, 'it is an output');
    else if (other) fusion.note(NAME, norm, `${other.op.name} "${other.outputs[0]?.name}" reads it too`);
    else if (source.state !== undefined) fusion.note(NAME, norm, `it reads the state "${source.state}"`);
    else if (norm.inputs.slice(1).some(({ kind }) => kind !== 'param'))
      fusion.note(NAME, norm, 'its weight is computed');
    else if (!fusion.clusters.join(norm, first)) fusion.note(NAME, norm, 'the kernel that reads it starts before it');
    else projection.source = { x: source, norm };
  }
}
