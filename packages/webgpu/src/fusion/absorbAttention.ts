import { type Node, ops, productDims } from '@casement/ir';
import type { Fusion } from './fusion.ts';
import { vectorsOf } from './projection.ts';

const NAME = 'absorbAttention';

/**
 * The attention of one query is computed in parts, each over some of the keys, and the kernel that reads its result
 * joins them: so keys and values are read once, by as many threads as there are parts, and no score is stored.
 */
export function absorbAttention(fusion: Fusion): void {
  for (const projection of fusion.projections) {
    const { x, norm } = projection.source;
    const view = fusion.producerOf(x);
    const [mixed] = view?.inputs ?? [];
    const attention = mixed && fusion.producerOf(mixed);
    const [first] = projection.sections[0]?.linears ?? [];
    if (!view || !mixed || !attention || !first || norm || vectorsOf(x) !== 1) continue;
    if (view.op.name !== ops.reshape.name || attention.op.name !== ops.attention.name) continue;
    const cluster = fusion.clusters.of(first);
    const readElsewhere =
      fusion.isOutput(x) ||
      fusion.isOutput(mixed) ||
      fusion.readersOf(mixed).some((reader) => reader !== view) ||
      fusion.readersOf(x).some((reader) => !cluster.nodes.has(reader));
    const problem = attentionProblem(attention) ?? (readElsewhere ? 'its result is read elsewhere, too' : undefined);
    if (problem) fusion.note(NAME, attention, problem);
    else if (!fusion.clusters.join(view, first))
      fusion.note(NAME, attention, 'the kernel that reads it starts before it');
    else {
      projection.source = { x, attention };
      fusion.partedAttentions.add(attention);
    }
  }
}

function attentionProblem({ inputs }: Node): string | undefined {
  const [q, k, v, ...visibility] = inputs;
  if (!q || !k || !v) return 'operands are missing';
  if (visibility.length > 0) return 'it has a mask or segments';
  if (productDims(q.type.shape.slice(0, 2)) !== 1) return 'it has several queries';
  const sizes = [q.type.shape[3], v.type.shape[3]];
  const odd = sizes.find((size) => Number(size) % 4 !== 0);
  return odd === undefined ? undefined : `heads of ${odd} do not come in fours`;
}
