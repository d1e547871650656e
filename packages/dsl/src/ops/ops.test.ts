import { type OpName, ops, printNode } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import * as dsl from '../index.ts';
import { dataDependent, entry, model, type Tensor, upTo } from '../index.ts';

/** Ops without a function of their own: states have methods, and weights are quantised by a pass. */
type Implied = 'append' | 'reset' | 'dequantize' | 'quantizedGather' | 'quantizedLinear';

// A missing function is an error here.
const functions = dsl satisfies Record<Exclude<OpName, Implied>, unknown>;

const cases = {
  'add(x, scale)': ({ x, scale }) => dsl.add(x, scale),
  'mul(scale, x)': ({ x, scale }) => dsl.mul(scale, x),
  'sub(1, x)': ({ x }) => dsl.sub(1, x),
  'add(ids, 1)': ({ ids }) => dsl.add(ids, 1),
  'div(x, scale)': ({ x, scale }) => dsl.div(x, scale),
  'max(x, 0)': ({ x }) => dsl.max(x, 0),
  'min(x, 0.5)': ({ x }) => dsl.min(x, 0.5),
  'pow(x, 2)': ({ x }) => dsl.pow(x, 2),
  'or(a, b)': ({ ids }) => dsl.or(dsl.equal(ids, 1), dsl.less(ids, 1)),
  'less(ids, ids)': ({ ids }) => dsl.less(ids, ids),
  'where(less(ids, 3), ids, 0)': ({ ids }) => dsl.where(dsl.less(ids, 3), ids, 0),
  'and(a, not(a))': ({ ids }) => dsl.and(dsl.equal(ids, 1), dsl.not(dsl.lessOrEqual(ids, 1))),
  'silu(x)': ({ x }) => dsl.silu(x),
  'gelu(x), tanh': ({ x }) => dsl.gelu(x, { approximate: 'tanh' }),
  'swiglu(x, x)': ({ x }) => dsl.swiglu(x, x),
  'cast(x, f16)': ({ x }) => dsl.cast(x, 'f16'),
  'cast(x, f32), the same in f32': ({ x }) => dsl.cast(x, 'f32'),
  'linear(x, weight, bias)': ({ x, weight, bias }) => dsl.linear(x, weight, bias),
  'matmul(x, weight transposed)': ({ x, weight }) => dsl.matmul(x, dsl.transpose(weight, ['hidden', 'ffn'])),
  'rmsNorm(x, scale)': ({ x, scale }) => dsl.rmsNorm(x, scale, { eps: 1e-6, scaleInF32: true }),
  'layerNorm(x, scale, scale)': ({ x, scale }) => dsl.layerNorm(x, scale, scale, { eps: 1e-5 }),
  'softmax(x, hidden)': ({ x }) => dsl.softmax(x, 'hidden'),
  'reduceMean(x, hidden), kept': ({ x }) => dsl.reduceMean(x, 'hidden', { keepDims: true }),
  'reduceSum(x, -2)': ({ x }) => dsl.reduceSum(x, -2),
  'reduceSum(ids, seq)': ({ ids }) => dsl.reduceSum(ids, 'seq'),
  'reduceMax(x, hidden)': ({ x }) => dsl.reduceMax(x, 'hidden'),
  'argMax(x, hidden)': ({ x }) => dsl.argMax(x, 'hidden'),
  'quickGelu(x)': ({ x }) => dsl.quickGelu(x),
  'clip(x, below 1)': ({ x }) => dsl.clip(x, { max: 1 }),
  'clip(ids)': ({ ids }) => dsl.clip(ids, { min: 0, max: 7 }),
  'standardize(x)': ({ x }) => dsl.standardize(x, { eps: 1e-5 }),
  'groupNorm(q)': ({ q, four }) =>
    dsl.groupNorm(dsl.transpose(q, ['batch', 'headDim', 'heads', 'seq']), four, four, { groups: 2, eps: 1e-6 }),
  'logSoftmax(x, -1)': ({ x }) => dsl.logSoftmax(x, -1),
  'l2Normalize(x, hidden)': ({ x }) => dsl.l2Normalize(x, 'hidden'),
  'reduceMin(x, seq)': ({ x }) => dsl.reduceMin(x, 'seq', { keepDims: true }),
  'argMin(x, hidden)': ({ x }) => dsl.argMin(x, 'hidden'),
  'oneHot(ids, ffn)': ({ ids }) => dsl.oneHot(ids, 'ffn'),
  'oneHot(ids, seq)': ({ ids }) => dsl.oneHot(ids, 'seq'),
  'stack(x, x)': ({ x }) => dsl.stack([x, x], 2),
  'stack(of a list)': ({ x }) =>
    dsl.stack(
      Array.from({ length: 6 }, () => x),
      'ffn',
    ),
  'pad(x, seq)': ({ x }) => dsl.pad(x, 'seq', { before: 1, after: 'seq', value: -1 }, '2*seq+1'),
  constant: ({ x }) => dsl.constant(x, 'float', ['heads', 2], [1, 2, 3, 4]),
  'conv2d(patches)': ({ image, filter }) =>
    dsl.conv2d(image, filter, undefined, { stride: 2, to: ['floor(seq/2)', 'floor(height/2)'] }),
  'maxPool2d(image)': ({ image }) => dsl.maxPool2d(image, { size: 2, to: ['floor(seq/2)', 'floor(height/2)'] }),
  'meanPool2d(image)': ({ image }) => dsl.meanPool2d(image, { size: [1, 3], stride: 1, to: ['seq', 'height-2'] }),
  'conv2d(same size)': ({ image, filter, bias }) => dsl.conv2d(image, filter, bias, { padding: [0, 0, 1, 1] }),
  'cumSum(ids, seq)': ({ ids }) => dsl.cumSum(ids, 'seq'),
  'argSort(x, hidden)': ({ x }) => dsl.argSort(x, 'hidden', { descending: true }),
  'sort(ids, seq)': ({ ids }) => dsl.sort(ids, 'seq'),
  'topK(x, -1).values': ({ x }) => dsl.topK(x, -1, 3).values,
  'topK(x, seq).indices': ({ x }) => dsl.topK(x, 'seq', 'heads').indices,
  'gatherAlong(x, seq)': ({ x, ids }) => dsl.gatherAlong(x, 'seq', dsl.reshape(ids, ['batch', 'seq', 1])),
  'gatherAlong(x, -1)': ({ x, ids }) => dsl.gatherAlong(x, -1, dsl.reshape(ids, [1, 'seq', 1])),
  'scatterAlong(x, seq)': ({ x, ids }) => dsl.scatterAlong(x, 'seq', dsl.reshape(ids, ['batch', 'seq', 1]), x),
  'maxSimilarity(x, x)': ({ x, ids }) => dsl.maxSimilarity(x, x, { keep: dsl.less(0, ids) }),
  'nonZero(keep)': ({ ids }) => dsl.nonZero(dsl.reshape(dsl.less(0, ids), ['batch*seq']), 'found'),
  'compress(x, seq)': ({ x, ids }) => dsl.compress(x, 'seq', dsl.reshape(dsl.less(0, ids), ['seq']), 'found'),
  'gather(weight, ffn, ids)': ({ weight, ids }) => dsl.gather(weight, 'ffn', ids),
  'gather(weight, hidden, ids)': ({ weight, ids }) => dsl.gather(weight, 'hidden', ids),
  'slice(x, seq, last)': ({ x }) => dsl.slice(x, 'seq', { start: 'seq-1', size: 1 }),
  'concat(x, x)': ({ x }) => dsl.concat([x, x], 'seq', '2*seq'),
  'splitHeads(x)': ({ x }) => dsl.splitHeads(x, 'heads', 'headDim'),
  'mergeHeads(q)': ({ q }) => dsl.mergeHeads(q, 'heads*headDim'),
  'reshape(x)': ({ x }) => dsl.reshape(x, ['batch*seq', 'hidden']),
  'transpose(q)': ({ q }) => dsl.transpose(q, ['batch', 'heads', 'seq', 'headDim']),
  'broadcastTo(scale)': ({ scale }) => dsl.broadcastTo(scale, ['batch', 'seq', 'hidden']),
  'iota(x, seq)': ({ x }) => dsl.iota(x, 'seq'),
  'rope(q, ids)': ({ q, ids }) => dsl.rope(q, ids, { theta: 1e4, layout: 'interleaved' }),
  'attention(q, q, q)': ({ q }) => dsl.attention(q, q, q, { causal: true }),
  'attention(q, q, q), segments': ({ q, ids }) =>
    dsl.attention(q, q, q, { causal: false, scale: 1, segments: { q: ids, k: ids } }),
  'attention(q, q, q), mask of keys': ({ q, ids }) =>
    dsl.attention(q, q, q, { causal: true, mask: dsl.reshape(dsl.less(0, ids), ['batch', 1, 1, 'seq']) }),
  'attentionWeights(q, q)': ({ q }) => dsl.attentionWeights(q, q, { causal: true }),
} satisfies Record<string, (given: Given) => Tensor>;

interface Given {
  readonly x: dsl.TensorOf<'float[batch seq hidden]'>;
  readonly q: dsl.TensorOf<'float[batch seq heads headDim]'>;
  readonly ids: dsl.TensorOf<'i32[batch seq]'>;
  readonly weight: dsl.TensorOf<'float[ffn hidden]'>;
  readonly scale: dsl.TensorOf<'float[hidden]'>;
  readonly bias: dsl.TensorOf<'float[ffn]'>;
  readonly image: dsl.TensorOf<'float[batch hidden seq height]'>;
  readonly filter: dsl.TensorOf<'float[ffn hidden 2 2]'>;
  readonly four: dsl.TensorOf<'float[headDim]'>;
}

/** Nodes that `write` makes, and the names it gives the result's dims. */
function show(write: (given: Given) => Tensor): string {
  let shape: readonly (string | number)[] = [];
  const program = model('m', {
    dims: { batch: 1, seq: upTo(9), height: upTo(8), found: dataDependent(9), hidden: 8, ffn: 6, heads: 2, headDim: 4 },
    entries: {
      run: entry(
        {
          inputs: {
            x: 'float[batch seq hidden]',
            q: 'float[batch seq heads headDim]',
            ids: 'i32[batch seq]',
            image: 'float[batch hidden seq height]',
          },
          params: {
            weight: 'float[ffn hidden]',
            scale: 'float[hidden]',
            bias: 'float[ffn]',
            four: 'float[headDim]',
            filter: 'float[ffn hidden 2 2]',
          },
        },
        (inputs, params) => {
          const result = write({ ...inputs, ...params });
          shape = [result.dtype, ...result.shape];
          return { result };
        },
      ),
    },
  }).build({ dtype: 'f32' });
  const nodes = program.entries.get('run')?.nodes ?? [];
  const lines = nodes.map((node) => printNode({ ...node, origin: { scope: '' } }));
  return [...lines, shape.join(' ')].join('\n  ');
}

describe('ops', () => {
  it('are functions of the same name, one for each op of the IR', () => {
    const implied: readonly Implied[] = ['append', 'reset', 'dequantize', 'quantizedGather', 'quantizedLinear'];
    const expected = Object.keys(ops).filter((name) => !implied.some((other) => other === name));
    const exported: Readonly<Record<string, unknown>> = functions;
    expect(expected.filter((name) => typeof exported[name] !== 'function')).toEqual([]);
  });

  it('add their node and name the dims of the result', () => {
    const shown = Object.entries(cases).map(([name, write]) => `${name}\n  ${show(write)}`);
    expect(shown.join('\n')).toMatchSnapshot();
  });

  it.each(['abs', 'cos', 'erf', 'exp', 'floor', 'log', 'neg', 'rsqrt', 'sigmoid', 'sin', 'sqrt', 'tanh'] as const)(
    '%s keeps the shape',
    (name) =>
      expect(show(({ x }) => functions[name](x))).toBe(
        `%${name}_0 : f32[1 seq 8] = ${name}(%x)\n  float batch seq hidden`,
      ),
  );
});
