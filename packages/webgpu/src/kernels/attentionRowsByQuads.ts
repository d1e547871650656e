import { mulDims } from '@casement/ir';
import { stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { flatIndex, indent, stretchedIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import type { AttentionSite } from './attentionRowPerThread.ts';
import { cursorOf, headRows, vectorsOf, visibleKeys } from './headRows.ts';

/** Rows that a thread takes, and threads of a workgroup. */
const ROWS = 4;
const THREADS = 8;

/**
 * Attention with an online softmax, without barriers. A row is a query of one head; all heads that read the same keys come
 * together. Each thread of a quad reads one of four keys, which all its threads get from one another; keys that no row of
 * a workgroup may see are left out. Head sizes are multiples of 4.
 */
export function attentionRowsByQuads(site: AttentionSite): KernelCall {
  const { q, k, v, segments, mask, y, attrs } = site;
  const kernel = new KernelBuilder(
    'attentionRowsByQuads',
    `y = softmax(scale·q·kᵀ)·v${attrs.causal ? ', causal' : ''}, ${ROWS} rows per thread, keys read by quads.`,
  );
  const [loadQ, loadK, loadV] = [kernel.read('q', q, 4), kernel.read('k', k, 4), kernel.read('v', v, 4)];
  const loadSegments = segments && [kernel.read('q_segments', segments.q), kernel.read('k_segments', segments.k)];
  const loadMask = mask && kernel.read('mask', mask);
  const store = kernel.write('y', y, 4);
  const { rows, kvHeads, batch, query, head } = headRows(q, k);
  const heads = q.type.shape[2] ?? 1;
  const keys = wgslSize(k.type.shape[1] ?? 1);
  const [size, valueSize] = [vectorsOf(q), vectorsOf(v)];
  const own = Array.from({ length: ROWS }, (_, r) => r);
  const quad = (name: string) => `mat4x4f(${[0, 1, 2, 3].map((t) => `quadBroadcast(${name}, ${t}u)`).join(', ')})`;
  const seen = (r: number) => [
    `(places < vec4u(visible${r}))`,
    ...(segments ? [`(near == vec4i(segment${r}))`] : []),
    ...(mask && loadMask
      ? [`vec4<bool>(${[0, 1, 2, 3].map((t) => maskAt(`head${r}`, `query${r}`, t)).join(', ')})`]
      : []),
  ];
  return kernel.perTile(
    {
      grid: [rows, kvHeads, batch],
      tile: [THREADS * ROWS, 1, 1],
      threads: THREADS,
      subgroups: true,
      subgroupFlow: segments !== undefined || mask !== undefined,
    },
    [
      `let rows = ${wgslSize(rows)};`,
      `let keys = ${keys};`,
      `let first = (group.x * ${THREADS}u + lane) * ${ROWS}u;`,
      ...own.flatMap((r) => [
        `let row${r} = min(first + ${r}u, rows - 1u);`,
        `let query${r} = ${query(`row${r}`)};`,
        `let head${r} = ${head(`row${r}`, 'group.y')};`,
        `let visible${r} = ${visibleKeys(site, `query${r}`)};`,
        `let at${r} = ${flatIndex(['group.z', `query${r}`, `head${r}`], [mulDims(q.type.shape[1] ?? 1, heads), heads, 1])};`,
        ...(loadSegments
          ? [`let segment${r} = ${loadSegments[0]?.(flatIndex(['group.z', `query${r}`], [q.type.shape[1] ?? 1, 1]))};`]
          : []),
      ]),
      '// Keys that the last row of this workgroup may see.',
      `let last = ${query(`min((group.x + 1u) * ${THREADS * ROWS}u, rows) - 1u`)};`,
      `let most = ${visibleKeys(site, 'last')};`,
      `var queries: array<vec4f, ${ROWS * size}>;`,
      ...loop(
        size,
        own.map((r) => `${part('queries', r, size)} = ${loadQ(`at${r} * ${size}u + d`)} * ${wgslFloat(attrs.scale)};`),
      ),
      `var mixed: array<vec4f, ${ROWS * valueSize}>;`,
      ...own.flatMap((r) => [`var top${r} = -1.0e30;`, `var total${r} = 0.0;`]),
      'for (var j = 0u; j < most; j += 4u) {',
      '  let places = j + vec4u(0u, 1u, 2u, 3u);',
      '  let key = min(j + subgroupLane % 4u, keys - 1u);',
      ...(loadSegments
        ? [
            `  let ownNear = ${loadSegments[1]?.(flatIndex(['group.z', 'key'], [k.type.shape[1] ?? 1, 1]))};`,
            `  let near = vec4i(${[0, 1, 2, 3].map((t) => `quadBroadcast(ownNear, ${t}u)`).join(', ')});`,
          ]
        : []),
      ...own.map((r) => `  let seen${r} = ${seen(r).join(' & ')};`),
      ...(segments || mask
        ? [`  if (!subgroupAny(any(${own.map((r) => `seen${r}`).join(' | ')}))) {`, '    continue;', '  }']
        : []),
      `  let keyAt = ${cursorOf(k)};`,
      ...own.map((r) => `  var score${r} = vec4f();`),
      indent(
        loop(size, [
          `let k = ${loadK('keyAt + d')};`,
          `let four = ${quad('k')};`,
          ...own.map((r) => `score${r} += ${part('queries', r, size)} * four;`),
        ]),
      ),
      ...own.flatMap((r) => [
        `  score${r} = select(vec4f(-1.0e30), score${r}, seen${r});`,
        `  let next${r} = max(top${r}, max(max(score${r}.x, score${r}.y), max(score${r}.z, score${r}.w)));`,
        `  let decay${r} = exp(max(top${r} - next${r}, -80.0));`,
        `  let weight${r} = select(vec4f(), exp(max(score${r} - next${r}, vec4f(-80.0))), seen${r});`,
        `  top${r} = next${r};`,
        `  total${r} = total${r} * decay${r} + dot(weight${r}, vec4f(1.0));`,
      ]),
      `  let valueAt = ${cursorOf(v)};`,
      indent(
        loop(valueSize, [
          `let v = ${loadV('valueAt + d')};`,
          `let four = ${quad('v')};`,
          ...own.map((r) => {
            const mixed = part('mixed', r, valueSize);
            return `${mixed} = ${mixed} * decay${r} + four * weight${r};`;
          }),
        ]),
      ),
      '}',
      ...own.flatMap((r) => [
        `if (first + ${r}u < rows) {`,
        `  let share = 1.0 / max(total${r}, 1.0e-30);`,
        `  for (var d = 0u; d < ${valueSize}u; d++) {`,
        `    ${store(`at${r} * ${valueSize}u + d`, `${part('mixed', r, valueSize)} * share`)}`,
        '  }',
        '}',
      ]),
    ],
  );

  function maskAt(head: string, query: string, key: number): string {
    if (!mask || !loadMask) return 'true';
    const at = stretchedIndex(
      ['group.z', head, query, `min(j + ${key}u, keys - 1u)`],
      mask.type.shape,
      stridesOf(mask),
    );
    return `${loadMask(at)} != 0u`;
  }
}

/** Statements for each vector of a head. Not unrolled: that saves a third of the time, and takes three times as long to compile. */
function loop(size: number, body: readonly string[]): string[] {
  return [`for (var d = 0u; d < ${size}u; d++) {`, indent(body), '}'];
}

/** Vector d of a row's part of a local array. */
function part(array: string, row: number, size: number): string {
  return `${array}[${row === 0 ? 'd' : `${row * size}u + d`}]`;
}
