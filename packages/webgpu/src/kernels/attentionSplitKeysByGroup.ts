import type { Operand } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import { headsTogether, type SplitAttentionSite, splitOf, strideOf } from './attentionSplitKeys.ts';

/** Threads of a workgroup, and keys that it scores at a time. */
const THREADS = 64;

/** Whether heads are small enough for a workgroup. */
export function fitsGroup(v: Operand): boolean {
  return Number(v.type.shape[3]) / 4 <= THREADS;
}

/**
 * Attention of one query in parts (flash decoding), a workgroup for each split of the keys of a kv head: each thread
 * scores a key for all query heads that share it; then threads mix the values, each four elements of some of the keys.
 * So keys and values are read once.
 */
export function attentionSplitKeysByGroup(site: SplitAttentionSite): KernelCall {
  const { q, k, v, scale, splits, mixed, logSums } = site;
  const [heads, size, valueSize] = [Number(q.type.shape[2]), Number(q.type.shape[3]) / 4, Number(v.type.shape[3]) / 4];
  const kvHeads = Number(k.type.shape[2]);
  const group = headsTogether(heads / kvHeads);
  const perKv = heads / kvHeads / group;
  const parts = Math.floor(THREADS / valueSize);
  const kernel = new FusedKernel(
    'attentionSplitKeys',
    `Attention of one query in up to ${splits.most} splits of the keys, ${THREADS} threads for ${group} heads of a split.`,
    new Map(),
  );
  const loadQ = kernel.read('q', q, 'quad');
  const [loadK, loadV] = [kernel.read('k', k, 'quad'), kernel.read('v', v, 'quad')];
  kernel.describe(`k, v: caches of ${kvHeads} heads of ${4 * size} for ${heads}`);
  const [storeMixed, storeSum] = [kernel.writeQuads('mixed', mixed), kernel.write('logSums', logSums)];
  kernel.helper(`
var<workgroup> query: array<vec4f, ${group * size}>;
var<workgroup> scores: array<array<f32, ${THREADS}>, ${group}>;
var<workgroup> partMixed: array<array<vec4f, ${group}>, ${parts * valueSize}>;
var<workgroup> partTop: array<array<f32, ${group}>, ${parts}>;
var<workgroup> partTotal: array<array<f32, ${group}>, ${parts}>;`);
  const own = Array.from({ length: group }, (_, g) => g);
  const body = [
    `let first = i % ${heads / group}u * ${group}u;`,
    `let kvHead = i % ${heads / group}u / ${perKv}u;`,
    `let split = i / ${heads / group}u;`,
    ...splitOf(site, [`if (lane < ${group}u) {`, `  ${storeSum('row + lane', '-1.0e30')}`, '}']),
    'let end = min(start + share, keys);',
    `for (var d = lane; d < ${group * size}u; d += ${THREADS}u) {`,
    `  query[d] = ${loadQ.quad(`first * ${size}u + d`)} * ${wgslFloat(scale)};`,
    '}',
    `let part = lane / ${valueSize}u;`,
    `let quad = lane % ${valueSize}u;`,
    ...own.flatMap((g) => [`var m${g} = vec4f();`, `var top${g} = -1.0e30;`, `var total${g} = 0.0;`]),
    `for (var tile = start; tile < end; tile += ${THREADS}u) {`,
    indent([
      'workgroupBarrier();',
      'if (tile + lane < end) {',
      `  let keyAt = (tile + lane) * ${wgslSize(strideOf(k))} + kvHead * ${size}u;`,
      ...own.map((g) => `  var p${g} = vec4f();`),
      `  for (var d = 0u; d < ${size}u; d++) {`,
      `    let key = ${loadK.quad('keyAt + d')};`,
      ...own.map((g) => `    p${g} += query[${g * size}u + d] * key;`),
      '  }',
      ...own.map((g) => `  scores[${g}][lane] = (p${g}.x + p${g}.y) + (p${g}.z + p${g}.w);`),
      '}',
      'workgroupBarrier();',
      `if (part < ${parts}u) {`,
      `  for (var j = part; j < min(${THREADS}u, end - tile); j += ${parts}u) {`,
      indent(
        [
          `let value = ${loadV.quad(`(tile + j) * ${wgslSize(strideOf(v))} + kvHead * ${valueSize}u + quad`)};`,
          ...own.flatMap((g) => [
            `let score${g} = scores[${g}][j];`,
            `let next${g} = max(top${g}, score${g});`,
            `let decay${g} = exp(max(top${g} - next${g}, -80.0));`,
            `let weight${g} = exp(max(score${g} - next${g}, -80.0));`,
            `top${g} = next${g};`,
            `total${g} = total${g} * decay${g} + weight${g};`,
            `m${g} = m${g} * decay${g} + value * weight${g};`,
          ]),
        ],
        2,
      ),
      '  }',
      '}',
    ]),
    '}',
    `if (part < ${parts}u) {`,
    ...own.flatMap((g) => [
      `  partMixed[lane][${g}] = m${g};`,
      `  partTop[part][${g}] = top${g};`,
      `  partTotal[part][${g}] = total${g};`,
    ]),
    '}',
    'workgroupBarrier();',
    'if (part > 0u) {',
    '  return;',
    '}',
    ...own.flatMap((g) => [
      `for (var other = 1u; other < ${parts}u; other++) {`,
      indent([
        `let next = max(top${g}, partTop[other][${g}]);`,
        `let decay = exp(max(top${g} - next, -80.0));`,
        `let weight = exp(max(partTop[other][${g}] - next, -80.0));`,
        `top${g} = next;`,
        `total${g} = total${g} * decay + partTotal[other][${g}] * weight;`,
        `m${g} = m${g} * decay + partMixed[other * ${valueSize}u + quad][${g}] * weight;`,
      ]),
      '}',
      storeMixed(`(row + ${g}u) * ${valueSize}u + quad`, `m${g} / total${g}`),
      'if (quad == 0u) {',
      `  ${storeSum(`row + ${g}u`, `top${g} + log(total${g})`)}`,
      '}',
    ]),
  ];
  return kernel.finish((heads / group) * splits.most, { unit: 'group', size: THREADS }, body);
}
