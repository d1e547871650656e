import { mulDims } from '@casement/ir';
import { stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { flatIndex, indent, stretchedIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import type { AttentionSite } from './attentionRowPerThread.ts';
import { cursorOf, headRows, vectorsOf, visibleKeys } from './headRows.ts';

/** 8 × 8 threads; each takes four rows, so that a workgroup takes 32. */
const SIDE = 8;
const THREADS = SIDE * SIDE;
const ROWS = 4;
const TILE = SIDE * ROWS;

/** Vectors of keys, then of values, that a workgroup keeps: 8 KiB, and as much again is left for the rest. */
const TILE_VECTORS = 512;

/** Keys of a tile: as many as fit, in eights; none where not even eight do. */
export function keysPerTile(site: Pick<AttentionSite, 'q' | 'v'>): number {
  const size = Math.max(vectorsOf(site.q), vectorsOf(site.v));
  return [32, 16, 8].find((keys) => keys * size <= TILE_VECTORS) ?? 0;
}

/**
 * Attention by tiles (flash attention): a workgroup takes 32 rows, a row being a query of one head, and walks over the
 * keys tile by tile with an online softmax. All heads that read the same keys come together. Tiles that no row may see, by
 * causality or by segments, are left out. A thread computes the scores of 4 rows with every eighth key of a tile, and
 * mixes every eighth vector of these rows. Head sizes are multiples of 4, and a tile has at least 8 keys.
 */
export function attentionSharedTiles(site: AttentionSite): KernelCall {
  const { q, k, v, segments, mask, y, attrs } = site;
  const keysPer = keysPerTile(site);
  const kernel = new KernelBuilder(
    'attentionSharedTiles',
    `y = softmax(scale·q·kᵀ)·v${attrs.causal ? ', causal' : ''}, ${TILE} rows per workgroup, ${keysPer} keys at a time.`,
  );
  const [loadQ, loadK, loadV] = [kernel.read('q', q, 4), kernel.read('k', k, 4), kernel.read('v', v, 4)];
  const loadSegments = segments && [kernel.read('q_segments', segments.q), kernel.read('k_segments', segments.k)];
  const loadMask = mask && kernel.read('mask', mask);
  const store = kernel.write('y', y, 4);
  const { rows, kvHeads, batch, query, head } = headRows(q, k);
  const [queries, heads, keys] = [q.type.shape[1] ?? 1, q.type.shape[2] ?? 1, k.type.shape[1] ?? 1];
  const [size, valueSize] = [vectorsOf(q), vectorsOf(v)];
  // One vector more in a line, so that threads that read different lines do not wait for the same bank.
  const line = Math.max(size, valueSize) + 1;
  const [own, ownKeys] = [range(ROWS), range(keysPer / SIDE)];
  const ownVectors = range(Math.ceil(valueSize / SIDE));
  // Without short circuits: SwiftShader does not come to an end with compiling so many branches.
  const seen = (r: number) => [
    `(key < visible${r})`,
    ...(segments ? [`(segmentOfKey == segment${r})`] : []),
    ...(mask && loadMask
      ? [
          `(${loadMask(stretchedIndex(['group.z', `head${r}`, `query${r}`, 'key'], mask.type.shape, stridesOf(mask)))} != 0u)`,
        ]
      : []),
  ];
  const load = (vectors: number, from: string, read: (index: string) => string) => [
    `for (var i = lane; i < ${keysPer * vectors}u; i += ${THREADS}u) {`,
    `  let key = min(start + i / ${vectors}u, keys - 1u);`,
    `  tile[i / ${vectors}u * ${line}u + i % ${vectors}u] = ${read(`${from} + i % ${vectors}u`)};`,
    '}',
  ];
  return kernel.perTile(
    {
      grid: [rows, kvHeads, batch],
      tile: [TILE, 1, 1],
      threads: THREADS,
      shared: [
        `tile: array<vec4f, ${keysPer * line}>`,
        `weights: array<f32, ${TILE * (keysPer + 1)}>`,
        `tops: array<f32, ${TILE * (SIDE + 1)}>`,
        ...(segments ? ['matches: u32'] : []),
      ],
    },
    [
      `let rows = ${wgslSize(rows)};`,
      `let keys = ${wgslSize(keys)};`,
      `let across = lane % ${SIDE}u;`,
      `let down = lane / ${SIDE}u;`,
      `let first = group.x * ${TILE}u;`,
      ...own.flatMap((r) => [
        `let row${r} = min(first + down * ${ROWS}u + ${r}u, rows - 1u);`,
        `let query${r} = ${query(`row${r}`)};`,
        `let head${r} = ${head(`row${r}`, 'group.y')};`,
        `let visible${r} = ${visibleKeys(site, `query${r}`)};`,
        `let at${r} = ${flatIndex(['group.z', `query${r}`, `head${r}`], [mulDims(queries, heads), heads, 1])};`,
        ...(loadSegments
          ? [`let segment${r} = ${loadSegments[0]?.(flatIndex(['group.z', `query${r}`], [queries, 1]))};`]
          : []),
        `var top${r} = -1.0e30;`,
        `var total${r} = 0.0;`,
        ...ownVectors.map((i) => `var mixed${r}_${i} = vec4f();`),
      ]),
      '// Keys that the last row of this workgroup may see.',
      `let last = ${query(`min(first + ${TILE}u, rows) - 1u`)};`,
      `let most = ${visibleKeys(site, 'last')};`,
      `for (var start = 0u; start < most; start += ${keysPer}u) {`,
      indent(loadSegments ? skipTile(loadSegments) : []),
      indent(load(size, cursorOf(k), loadK)),
      '  workgroupBarrier();',
      ...own.flatMap((r) => ownKeys.map((i) => `  var score${r}_${i} = 0.0;`)),
      `  for (var d = 0u; d < ${size}u; d++) {`,
      ...ownKeys.map((i) => `    let k${i} = tile[(across + ${i * SIDE}u) * ${line}u + d];`),
      ...own.flatMap((r) => [
        `    let q${r} = ${loadQ(`at${r} * ${size}u + d`)};`,
        ...ownKeys.map((i) => `    score${r}_${i} += dot(q${r}, k${i});`),
      ]),
      '  }',
      ...ownKeys.flatMap((i) => [
        '  {',
        `    let key = start + across + ${i * SIDE}u;`,
        ...(loadSegments
          ? [`    let segmentOfKey = ${loadSegments[1]?.(flatIndex(['group.z', 'min(key, keys - 1u)'], [keys, 1]))};`]
          : []),
        ...own.map(
          (r) =>
            `    score${r}_${i} = select(-1.0e30, score${r}_${i} * ${wgslFloat(attrs.scale)}, ${seen(r).join(' & ')});`,
        ),
        '  }',
      ]),
      '  // The largest score of each row, from all threads that share it.',
      ...own.map(
        (r) =>
          `  tops[(down * ${ROWS}u + ${r}u) * ${SIDE + 1}u + across] = ${largest(ownKeys.map((i) => `score${r}_${i}`))};`,
      ),
      '  workgroupBarrier();',
      ...own.flatMap((r) => [
        `  var next${r} = top${r};`,
        `  for (var i = 0u; i < ${SIDE}u; i++) {`,
        `    next${r} = max(next${r}, tops[(down * ${ROWS}u + ${r}u) * ${SIDE + 1}u + i]);`,
        '  }',
        `  let decay${r} = exp(max(top${r} - next${r}, -80.0));`,
        `  top${r} = next${r};`,
        `  total${r} *= decay${r};`,
        ...ownKeys.flatMap((i) => [
          '  {',
          `    let weight = select(0.0, exp(max(score${r}_${i} - next${r}, -80.0)), score${r}_${i} > -1.0e29);`,
          `    total${r} += weight;`,
          `    weights[(down * ${ROWS}u + ${r}u) * ${keysPer + 1}u + across + ${i * SIDE}u] = weight;`,
          '  }',
        ]),
        ...ownVectors.map((i) => `  mixed${r}_${i} *= decay${r};`),
      ]),
      indent(load(valueSize, cursorOf(v), loadV)),
      '  workgroupBarrier();',
      `  for (var j = 0u; j < ${keysPer}u; j++) {`,
      ...own.map((r) => `    let weight${r} = weights[(down * ${ROWS}u + ${r}u) * ${keysPer + 1}u + j];`),
      ...ownVectors.flatMap((i) => [
        `    let v${i} = tile[j * ${line}u + ${valueSize % SIDE === 0 ? `across + ${i * SIDE}u` : `min(across + ${i * SIDE}u, ${valueSize - 1}u)`}];`,
        ...own.map((r) => `    mixed${r}_${i} += weight${r} * v${i};`),
      ]),
      '  }',
      '  workgroupBarrier();',
      '}',
      '// Each thread has summed up the weights of its own keys.',
      ...own.map((r) => `tops[(down * ${ROWS}u + ${r}u) * ${SIDE + 1}u + across] = total${r};`),
      'workgroupBarrier();',
      ...own.flatMap((r) => [
        `if (first + down * ${ROWS}u + ${r}u < rows) {`,
        '  var total = 0.0;',
        `  for (var i = 0u; i < ${SIDE}u; i++) {`,
        `    total += tops[(down * ${ROWS}u + ${r}u) * ${SIDE + 1}u + i];`,
        '  }',
        '  let share = 1.0 / max(total, 1.0e-30);',
        ...ownVectors.flatMap((i) => [
          `  if (across + ${i * SIDE}u < ${valueSize}u) {`,
          `    ${store(`at${r} * ${valueSize}u + across + ${i * SIDE}u`, `mixed${r}_${i} * share`)}`,
          '  }',
        ]),
        '}',
      ]),
    ],
  );

  /** Leaves a tile out when its keys' segments and the rows' lie apart. */
  function skipTile([ofQuery, ofKey]: readonly ((index: string) => string)[]): string[] {
    if (ofQuery === undefined || ofKey === undefined) return [];
    const [row, key] = [flatIndex(['group.z', 'i'], [queries, 1]), flatIndex(['group.z', 'i'], [keys, 1])];
    return [
      'if (lane == 0u) {',
      `  let begin = ${query('first')};`,
      `  var least = ${ofQuery(flatIndex(['group.z', 'begin'], [queries, 1]))};`,
      '  var greatest = least;',
      '  for (var i = begin + 1u; i <= last; i++) {',
      `    least = min(least, ${ofQuery(row)});`,
      `    greatest = max(greatest, ${ofQuery(row)});`,
      '  }',
      '  matches = 0u;',
      `  for (var i = start; i < min(start + ${keysPer}u, keys); i++) {`,
      `    let segment = ${ofKey(key)};`,
      '    if (segment >= least && segment <= greatest) {',
      '      matches = 1u;',
      '      break;',
      '    }',
      '  }',
      '}',
      'if (workgroupUniformLoad(&matches) == 0u) {',
      '  continue;',
      '}',
    ];
  }
}

function largest(values: readonly string[]): string {
  return values.reduce((all, value) => `max(${all}, ${value})`);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
