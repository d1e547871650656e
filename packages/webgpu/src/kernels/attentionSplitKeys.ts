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
  readonly splits: number;
  /** [splits heads e], each split for itself a softmax. */
  readonly mixed: Operand;
  /** [splits heads]: logarithms of the sums of e^score; −1e30 where a split has no keys. */
  readonly logSums: Operand;
}

/** Four-element vectors that a thread keeps for its queries; as many again for what it mixes. */
const QUERY_VECTORS = 64;

/**
 * Attention of one query in parts (flash decoding): each thread walks over the keys of one split for the query heads that
 * share them, with an online softmax. So keys and values are read once as long as a thread can keep all these queries.
 */
export function attentionSplitKeysByThread(site: SplitAttentionSite, workgroup: number): KernelCall {
  const { q, k, v, scale, splits, mixed, logSums } = site;
  const [heads, size, valueSize] = [numberAt(q, 2), numberAt(q, 3) / 4, numberAt(v, 3) / 4];
  const kvHeads = numberAt(k, 2);
  const group = headsPerThread(heads / kvHeads, size);
  const perKv = heads / kvHeads / group;
  const kernel = new FusedKernel(
    'attentionSplitKeys',
    `Attention of one query in ${splits} splits of the keys, one thread for ${group} heads of a split.`,
    new Map(),
  );
  const loadQ = kernel.read('q', q, 'quad');
  const [loadK, loadV] = [kernel.read('k', k, 'quad'), kernel.read('v', v, 'quad')];
  kernel.describe(`k, v: caches of ${heads === kvHeads ? '' : `${kvHeads} heads for `}${heads} heads of ${4 * size}`);
  const [storeMixed, storeSum] = [kernel.writeQuads('mixed', mixed), kernel.write('logSums', logSums)];
  const own = range(group);
  const body = [
    `let first = i % ${heads / group}u * ${group}u;`,
    `let kvHead = i % ${heads / group}u / ${perKv}u;`,
    `let split = i / ${heads / group}u;`,
    `let keys = ${wgslSize(k.type.shape[1] ?? 1)};`,
    `let share = (keys + ${splits - 1}u) / ${splits}u;`,
    'let end = min((split + 1u) * share, keys);',
    ...own.flatMap((g) => [
      ...range(size).map(
        (d) => `let q${g}_${d} = ${loadQ.quad(`(first + ${g}u) * ${size}u + ${d}u`)} * ${wgslFloat(scale)};`,
      ),
      ...range(valueSize).map((d) => `var m${g}_${d} = vec4f();`),
      `var top${g} = -1.0e30;`,
      `var total${g} = 0.0;`,
    ]),
    'for (var j = split * share; j < end; j++) {',
    indent([
      `let keyAt = j * ${wgslSize(strideOf(k))} + kvHead * ${size}u;`,
      ...range(size).map((d) => `let k${d} = ${loadK.quad(`keyAt + ${d}u`)};`),
      ...own.flatMap((g) => [
        `var p${g} = q${g}_0 * k0;`,
        ...range(size)
          .slice(1)
          .map((d) => `p${g} += q${g}_${d} * k${d};`),
        `let score${g} = (p${g}.x + p${g}.y) + (p${g}.z + p${g}.w);`,
        `let next${g} = max(top${g}, score${g});`,
        `let decay${g} = exp(max(top${g} - next${g}, -80.0));`,
        `let weight${g} = exp(max(score${g} - next${g}, -80.0));`,
        `top${g} = next${g};`,
        `total${g} = total${g} * decay${g} + weight${g};`,
      ]),
      `let valueAt = j * ${wgslSize(strideOf(v))} + kvHead * ${valueSize}u;`,
      ...range(valueSize).flatMap((d) => [
        `let v${d} = ${loadV.quad(`valueAt + ${d}u`)};`,
        ...own.map((g) => `m${g}_${d} = m${g}_${d} * decay${g} + v${d} * weight${g};`),
      ]),
    ]),
    '}',
    `let row = split * ${heads}u + first;`,
    ...own.flatMap((g) => [
      `let part${g} = 1.0 / max(total${g}, 1.0e-30);`,
      ...range(valueSize).map((d) => storeMixed(`(row + ${g}u) * ${valueSize}u + ${d}u`, `m${g}_${d} * part${g}`)),
      storeSum(`row + ${g}u`, `select(-1.0e30, top${g} + log(max(total${g}, 1.0e-30)), total${g} > 0.0)`),
    ]),
  ];
  const threads: Threads = { unit: 'thread', size: workgroup };
  return kernel.finish((heads / group) * splits, threads, body);
}

/** Query heads that one thread takes: all that share keys, or as many as it can keep. */
export function headsPerThread(group: number, size: number): number {
  const fitting = range(group + 1).filter((count) => count > 0 && group % count === 0 && count * size <= QUERY_VECTORS);
  return Math.max(1, ...fitting);
}

/** From key to key, in vectors of four. */
export function strideOf(operand: Operand): Dim {
  return Number(stridesOf(operand)[1]) / 4;
}

function numberAt({ type }: Operand, axis: number): number {
  return Number(type.shape[axis]);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
