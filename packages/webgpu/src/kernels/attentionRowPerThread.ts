import { type AttentionAttrs, type Dim, headCounts } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import type { Width } from '../wgsl/access.ts';
import { coordinates, flatIndex, stretchedIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { exactGroups, lanesOf } from '../wgsl/lanes.ts';
import { wgslFloat } from '../wgsl/literal.ts';

export interface AttentionSite {
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  readonly segments: { readonly q: Operand; readonly k: Operand } | undefined;
  /** Bool that broadcasts to [batch heads queries keys]. */
  readonly mask: Operand | undefined;
  readonly y: Operand;
  readonly attrs: AttentionAttrs;
}

/**
 * Attention with an online softmax (Milakov & Gimelshein, arXiv 1805.02867): each thread walks over the keys of one
 * query head, so no scores are stored. A query without keys gives zeros. Width 4 needs head sizes of a multiple of 4;
 * head sizes are fixed numbers.
 */
export function attentionRowPerThread(site: AttentionSite, width: Width): KernelCall {
  const { q, k, v, segments, mask, y, attrs } = site;
  const lanes = lanesOf(width);
  const kernel = new KernelBuilder(
    'attentionRowPerThread',
    `y = softmax(scale·q·kᵀ)·v${attrs.causal ? ', causal' : ''}, one thread per query and head, online softmax.`,
  );
  const [loadQ, loadK, loadV] = [kernel.read('q', q, width), kernel.read('k', k, width), kernel.read('v', v, width)];
  const loadSegments = segments && [kernel.read('q_segments', segments.q), kernel.read('k_segments', segments.k)];
  const loadMask = mask && kernel.read('mask', mask);
  const store = kernel.write('y', y, width);
  const [batch = 1, queries = 1, heads = 1] = q.type.shape;
  const keys = k.type.shape[1] ?? 1;
  const [size, valueSize] = [groupsOf(q.type.shape[3] ?? 1, width), groupsOf(v.type.shape[3] ?? 1, width)];
  const { define, at } = coordinates('i', [batch, queries, heads], ['batch', 'row', 'head']);
  const [b = '0u', row = '0u', head = '0u'] = at;
  const { kvHeads } = headCounts(q.type, k.type);
  const [fromK, fromV] = [cursor(k, b, width), cursor(v, b, width)];
  const skipIf = (condition: string) => [`  if (${condition}) {`, '    continue;', '  }'];
  const skipped = [
    ...(loadSegments ? skipIf(`${loadSegments[1]?.(flatIndex([b, 'j'], [keys, 1]))} != segment`) : []),
    ...(mask && loadMask
      ? skipIf(`${loadMask(stretchedIndex([b, head, row, 'j'], mask.type.shape, stridesOf(mask)))} == 0u`)
      : []),
  ];
  return kernel.perThread(
    [batch, queries, heads],
    [
      ...define,
      `let kvHead = ${head} * ${kvHeads}u / ${wgslSize(heads)};`,
      `let keys = ${wgslSize(keys)};`,
      ...(attrs.causal
        ? [
            '// past + row + 1 keys, where past = keys - queries.',
            `let visible = u32(clamp(i32(keys - ${wgslSize(queries)} + ${row}) + 1, 0, i32(keys)));`,
          ]
        : ['let visible = keys;']),
      ...(loadSegments ? [`let segment = ${loadSegments[0]?.(flatIndex([b, row], [queries, 1]))};`] : []),
      `var query: array<${lanes.type}, ${size}>;`,
      `for (var d = 0u; d < ${size}u; d++) {`,
      `  query[d] = ${loadQ(`i * ${size}u + d`)};`,
      '}',
      `var mixed: array<${lanes.type}, ${valueSize}>;`,
      'var top = -1.0e30;',
      'var total = 0.0;',
      'for (var j = 0u; j < visible; j++) {',
      ...skipped,
      `  let keyAt = ${fromK.start} + j * ${fromK.stride};`,
      `  var products = ${lanes.zero};`,
      `  for (var d = 0u; d < ${size}u; d++) {`,
      `    products += query[d] * ${loadK('keyAt + d')};`,
      '  }',
      `  let score = (${lanes.total('products')}) * ${wgslFloat(attrs.scale)};`,
      '  // What was summed up under a smaller maximum shrinks; below e^-80 nothing is left of it.',
      '  let next = max(top, score);',
      '  let decay = exp(max(top - next, -80.0));',
      '  let weight = exp(max(score - next, -80.0));',
      '  top = next;',
      '  total = total * decay + weight;',
      `  let valueAt = ${fromV.start} + j * ${fromV.stride};`,
      `  for (var d = 0u; d < ${valueSize}u; d++) {`,
      `    mixed[d] = mixed[d] * decay + ${loadV('valueAt + d')} * weight;`,
      '  }',
      '}',
      '// One key is enough for a total of 1; without any, zero stays zero.',
      'let share = 1.0 / max(total, 1.0e-30);',
      `for (var d = 0u; d < ${valueSize}u; d++) {`,
      `  ${store(`i * ${valueSize}u + d`, 'mixed[d] * share')}`,
      '}',
    ],
  );
}

/** Where the keys of `kvHead` begin in [batch keys kvHeads size], and from key to key; in groups of `width`. */
function cursor(operand: Operand, batch: string, width: Width): { start: string; stride: string } {
  const [batchStride = 1, keyStride = 1, headStride = 1] = stridesOf(operand)
    .slice(0, 3)
    .map((stride) => exactGroups(stride, width));
  return { start: flatIndex([batch, 'kvHead'], [batchStride, headStride]), stride: wgslSize(keyStride) };
}

/** Groups in a head; a kernel's local arrays need a number. */
function groupsOf(size: Dim, width: Width): number {
  const groups = exactGroups(size, width);
  if (typeof groups !== 'number') throw new RangeError(`the head size must be a fixed number, got ${size}`);
  return groups;
}
