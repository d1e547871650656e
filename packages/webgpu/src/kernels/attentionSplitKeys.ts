import type { Dim } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel, type Threads } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';

export interface SplitAttentionSite {
  /** [1 1 heads d]. */
  readonly q: Operand;
  /** [1 keys kvHeads d] and [1 keys kvHeads e], all of them visible. */
  readonly k: Operand;
  readonly v: Operand;
  readonly scale: number;
  readonly splits: Splits;
  /** [splits heads e], each split for itself a softmax. Those of splits that are not used are left as they are. */
  readonly mixed: Operand;
  /** [splits heads]: logarithms of the sums of e^score; −1e30 where a split is not used. */
  readonly logSums: Operand;
}

/** How keys are cut into parts, so that short caches take few, and no grid needs to follow them. */
export interface Splits {
  readonly most: number;
  /** Another split is used for every so many keys, until all are; not less than `most`, so that no used one is empty. */
  readonly keysEach: number;
}

/** Query heads that one thread, or one workgroup, takes at most: each has accumulators of its own. */
const MOST_HEADS = 8;

/** Keys that a thread scores at a time, one in each lane of a vector. */
const TILE = [0, 1, 2, 3];

/**
 * Attention of one query in parts (flash decoding): each thread walks over the keys of one split, four at a time, for the
 * query heads that share them, with an online softmax. So keys and values are read once. What it mixes is in an array,
 * and the elements of heads are walked over by loops: a software adapter takes seconds to compile them unrolled.
 */
export function attentionSplitKeysByThread(site: SplitAttentionSite, workgroup: number): KernelCall {
  const { q, k, v, scale, splits, mixed, logSums } = site;
  const [heads, size, valueSize] = [numberAt(q, 2), numberAt(q, 3) / 4, numberAt(v, 3) / 4];
  const kvHeads = numberAt(k, 2);
  const group = headsTogether(heads / kvHeads);
  const perKv = heads / kvHeads / group;
  const kernel = new FusedKernel(
    'attentionSplitKeys',
    `Attention of one query in up to ${splits.most} splits of the keys, one thread for ${group} heads of a split.`,
    new Map(),
  );
  const loadQ = kernel.read('q', q, 'quad');
  const [loadK, loadV] = [kernel.read('k', k, 'quad'), kernel.read('v', v, 'quad')];
  kernel.describe(`k, v: caches of ${heads === kvHeads ? '' : `${kvHeads} heads for `}${heads} heads of ${4 * size}`);
  const [storeMixed, storeSum] = [kernel.writeQuads('mixed', mixed), kernel.write('logSums', logSums)];
  kernel.helper(`var<private> sums: array<vec4f, ${group * valueSize}>;`);
  const own = Array.from({ length: group }, (_, g) => g);
  const sumAt = (g: number) => `sums[${g * valueSize}u + d]`;
  const body = [
    `let first = i % ${heads / group}u * ${group}u;`,
    `let kvHead = i % ${heads / group}u / ${perKv}u;`,
    `let split = i / ${heads / group}u;`,
    ...splitOf(
      site,
      own.map((g) => storeSum(`row + ${g}u`, '-1.0e30')),
    ),
    'let end = min(start + share, keys);',
    ...own.flatMap((g) => [`var top${g} = -1.0e30;`, `var total${g} = 0.0;`]),
    'for (var j = start; j < end; j += 4u) {',
    indent([
      'let keyOf = vec4u(j) + vec4u(0u, 1u, 2u, 3u);',
      'let inside = keyOf < vec4u(end);',
      'let there = min(keyOf, vec4u(end - 1u));',
      `let keyAt = there * ${wgslSize(strideOf(k))} + kvHead * ${size}u;`,
      ...own.map((g) => `var p${g} = vec4f();`),
      `for (var d = 0u; d < ${size}u; d++) {`,
      indent([
        `let key = mat4x4f(${TILE.map((t) => loadK.quad(`keyAt[${t}] + d`)).join(', ')});`,
        ...own.map((g) => `p${g} += ${loadQ.quad(`(first + ${g}u) * ${size}u + d`)} * key;`),
      ]),
      '}',
      ...own.flatMap((g) => [
        `let scores${g} = select(vec4f(-1.0e30), p${g} * ${wgslFloat(scale)}, inside);`,
        `let most${g} = max(scores${g}.xy, scores${g}.zw);`,
        `let next${g} = max(top${g}, max(most${g}.x, most${g}.y));`,
        `let decay${g} = exp(max(top${g} - next${g}, -80.0));`,
        `let weights${g} = exp(max(scores${g} - next${g}, vec4f(-80.0)));`,
        `top${g} = next${g};`,
        `total${g} = total${g} * decay${g} + dot(weights${g}, vec4f(1.0));`,
      ]),
      `let valueAt = there * ${wgslSize(strideOf(v))} + kvHead * ${valueSize}u;`,
      `for (var d = 0u; d < ${valueSize}u; d++) {`,
      indent([
        `let value = mat4x4f(${TILE.map((t) => loadV.quad(`valueAt[${t}] + d`)).join(', ')});`,
        ...own.map((g) => `${sumAt(g)} = ${sumAt(g)} * decay${g} + value * weights${g};`),
      ]),
      '}',
    ]),
    '}',
    ...own.map((g) => `let part${g} = 1.0 / total${g};`),
    `for (var d = 0u; d < ${valueSize}u; d++) {`,
    indent(own.map((g) => storeMixed(`(row + ${g}u) * ${valueSize}u + d`, `${sumAt(g)} * part${g}`))),
    '}',
    ...own.map((g) => storeSum(`row + ${g}u`, `top${g} + log(total${g})`)),
  ];
  const threads: Threads = { unit: 'thread', size: workgroup };
  return kernel.finish((heads / group) * splits.most, threads, body);
}

/**
 * Statements that define `keys`, the `row` of the thread's first head, and `start` and `share`, the first key of `split` and
 * how many it has at most. Splits that are not used run `unused`; there are none that are without keys.
 */
export function splitOf({ k, q, splits }: SplitAttentionSite, unused: readonly string[]): string[] {
  return [
    `let keys = ${wgslSize(k.type.shape[1] ?? 1)};`,
    `let used = min(${splits.most}u, (keys + ${splits.keysEach - 1}u) / ${splits.keysEach}u);`,
    `let row = split * ${numberAt(q, 2)}u + first;`,
    'if (split >= used) {',
    indent(unused),
    '  return;',
    '}',
    'let share = (keys + used - 1u) / used;',
    'let start = split * share;',
  ];
}

/** Query heads that are computed together, of `sharing` that share keys: all of them, or as many as there is room for. */
export function headsTogether(sharing: number): number {
  const divisors = Array.from({ length: Math.min(sharing, MOST_HEADS) }, (_, i) => i + 1);
  return Math.max(1, ...divisors.filter((count) => sharing % count === 0));
}

/** From key to key, in vectors of four. */
export function strideOf(operand: Operand): Dim {
  return Number(stridesOf(operand)[1]) / 4;
}

function numberAt({ type }: Operand, axis: number): number {
  return Number(type.shape[axis]);
}
