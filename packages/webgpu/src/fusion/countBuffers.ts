import { ops, type Value } from '@casement/ir';
import type { Fusion } from './fusion.ts';
import { nodesOf, type Projection, valuesOf, vectorsOf } from './projection.ts';

const NAME = 'countBuffers';

/**
 * Takes apart what would bind more storage buffers than a device allows; its nodes are lowered one by one. What many rows
 * of x are multiplied with is shared among several kernels instead (`lowerTiles`).
 */
export function countBuffers(fusion: Fusion): void {
  const most = fusion.rules.limits.maxStorageBuffersPerShaderStage;
  fusion.projections = fusion.projections.filter((projection) => {
    const count = buffersOf(fusion, projection);
    const [first] = projection.sections[0]?.linears ?? [];
    if (count <= most || !first || vectorsOf(projection.source.x) !== 1) return true;
    fusion.note(NAME, first, `its kernel would bind ${count} buffers, ${most} are allowed`);
    if (projection.source.attention) fusion.partedAttentions.delete(projection.source.attention);
    return false;
  });
}

/** At most so many: params of equal dtype are placed together. */
function buffersOf(fusion: Fusion, projection: Projection): number {
  const { source, sections } = projection;
  const nodes = new Set(nodesOf(projection));
  const own = new Set([...sections.flatMap(valuesOf), ...(source.norm?.outputs ?? [])]);
  const read = new Set([...nodes].flatMap(({ inputs }) => inputs).filter((value) => !own.has(value)));
  const kinds = new Set<string>();
  for (const value of read) if (value.state === undefined) kinds.add(kindOf(fusion, value));
  const states = new Set([...nodes].flatMap(({ op, inputs: [x] }) => (op.updatesState && x?.state ? [x.state] : [])));
  const turns = [...nodes].filter(({ op }) => op.name === ops.rope.name).map(({ attrs }) => JSON.stringify(attrs));
  const stored = sections.flatMap(valuesOf).filter((value) => fusion.isStored(value, nodes));
  const parts = source.attention ? 1 : 0;
  return kinds.size + fusion.rules.rangesOf([...states]) + parts + new Set(turns).size + stored.length;
}

/** Equal for values that one binding covers. */
function kindOf(fusion: Fusion, value: Value): string {
  return value.kind === 'param' && fusion.rules.isWhole(value) ? value.type.dtype : value.name;
}
