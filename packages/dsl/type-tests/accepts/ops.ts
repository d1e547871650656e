import {
  add,
  argMax,
  argMin,
  argSort,
  attention,
  attentionWeights,
  broadcastTo,
  cast,
  compress,
  concat,
  constant,
  conv2d,
  cumSum,
  div,
  gather,
  gatherAlong,
  groupNorm,
  iota,
  l2Normalize,
  less,
  linear,
  logSoftmax,
  matmul,
  maxSimilarity,
  mergeHeads,
  mul,
  nonZero,
  oneHot,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  rmsNorm,
  rope,
  scatterAlong,
  slice,
  softmax,
  splitHeads,
  stack,
  sub,
  type Tensor,
  topK,
  transpose,
  where,
} from '@casement/dsl';
import * as v from '../values.ts';

declare const indices2: Tensor<'i32', readonly [1, 'seq', 3]>;

type Hidden = Tensor<'float', readonly ['batch', 'seq', 'hidden']>;

// Projections and norms.
const wide = linear(v.x, v.weight);
v.same<typeof wide, Tensor<'float', readonly ['batch', 'seq', 'ffn']>>(true);
const biased = linear(v.scale, v.weight, v.wideScale);
v.same<typeof biased, Tensor<'float', readonly ['ffn']>>(true);
declare const bias: Tensor<'float', readonly ['ffn']> | undefined;
linear(v.x, v.weight, bias);
const normed = rmsNorm(v.x, v.scale, { eps: 1e-6 });
v.same<typeof normed, Hidden>(true);

// Elementwise ops broadcast as NumPy does, in both directions.
const scaled = mul(v.x, v.scale);
v.same<typeof scaled, Hidden>(true);
const alsoScaled = mul(v.scale, v.x);
v.same<typeof alsoScaled, Hidden>(true);
const perRow = div(v.x, v.perRow);
v.same<typeof perRow, Hidden>(true);
const outer = sub(v.perRow, v.scale);
v.same<typeof outer, Hidden>(true);
const complement = sub(1, v.x);
v.same<typeof complement, Hidden>(true);
const shifted = add(v.x, 1e-6);
v.same<typeof shifted, Hidden>(true);
const earlier = less(v.positions, 3);
v.same<typeof earlier, Tensor<'bool', readonly ['batch', 'seq']>>(true);
const masked = where(v.flags, v.x, 0);
v.same<typeof masked, Hidden>(true);
const orElse = where(v.flags, -1, v.x);
v.same<typeof orElse, Hidden>(true);

// Axes by name.
const mean = reduceMean(v.x, 'hidden', { keepDims: true });
v.same<typeof mean, Tensor<'float', readonly ['batch', 'seq', 1]>>(true);
const sum = reduceSum(v.x, 'seq');
v.same<typeof sum, Tensor<'float', readonly ['batch', 'hidden']>>(true);
const best = argMax(v.wide, -1);
v.same<typeof best, Tensor<'i32', readonly ['batch', 'seq']>>(true);
const secondLast = reduceSum(v.x, -2);
v.same<typeof secondLast, Tensor<'float', readonly ['batch', 'hidden']>>(true);
const weights = softmax(v.x, 'hidden');
v.same<typeof weights, Hidden>(true);
const likely = logSoftmax(v.x, 'hidden');
v.same<typeof likely, Hidden>(true);
const unit = l2Normalize(v.x, -1);
v.same<typeof unit, Hidden>(true);
const code = argMin(v.x, 'hidden');
v.same<typeof code, Tensor<'i32', readonly ['batch', 'seq']>>(true);
const hot = oneHot(v.ids, 'vocab');
v.same<typeof hot, Tensor<'bool', readonly ['batch', 'seq', 'vocab']>>(true);
const states = stack([v.x, v.x], 'layers');
v.same<typeof states, Tensor<'float', readonly ['layers', 'batch', 'seq', 'hidden']>>(true);
const padded = pad(v.x, 'seq', { after: 2 }, 'seq+2');
v.same<typeof padded, Tensor<'float', readonly ['batch', 'seq+2', 'hidden']>>(true);
const codes = constant(v.x, 'i32', ['codes'], [1, 2]);
v.same<typeof codes, Tensor<'i32', readonly ['codes']>>(true);
const grouped = groupNorm(v.pixels, v.scale, v.scale, { groups: 4, eps: 1e-6 });
v.same<typeof grouped, typeof v.pixels>(true);
const filtered = conv2d(v.pixels, v.filter, undefined, { padding: 1 });
v.same<typeof filtered, Tensor<'float', readonly ['batch', 'ffn', 'height', 'width']>>(true);
const halves = conv2d(v.pixels, v.filter, v.wideScale, { stride: [2, 2], to: ['floor(height/2)', 4] });
v.same<typeof halves, Tensor<'float', readonly ['batch', 'ffn', 'floor(height/2)', 4]>>(true);
const { values, indices } = topK(v.wide, 'ffn', 'kept');
v.same<typeof values, Tensor<'float', readonly ['batch', 'seq', 'kept']>>(true);
v.same<typeof indices, Tensor<'i32', readonly ['batch', 'seq', 'kept']>>(true);
const order = argSort(v.x, -1);
v.same<typeof order, Tensor<'i32', readonly ['batch', 'seq', 'hidden']>>(true);
const running = cumSum(v.positions, 'seq');
v.same<typeof running, typeof v.positions>(true);
const kept = gatherAlong(v.x, 'seq', reshape(v.imagePositions, ['batch', 'image', 1]));
v.same<typeof kept, Tensor<'float', readonly ['batch', 'image', 'hidden']>>(true);
const lastKept = gatherAlong(v.x, -1, indices2);
v.same<typeof lastKept, Tensor<'float', readonly ['batch', 'seq', 3]>>(true);
const written = scatterAlong(v.x, 'seq', reshape(v.imagePositions, ['batch', 'image', 1]), v.image);
v.same<typeof written, Hidden>(true);
const nearest = maxSimilarity(v.image, v.x, { keep: v.shownRows });
v.same<typeof nearest, Tensor<'float', readonly ['batch', 'batch', 'image']>>(true);
const found = nonZero(v.rowFlags, 'found');
v.same<typeof found, Tensor<'i32', readonly ['found']>>(true);
const some = compress(v.x, 'seq', v.rowFlags, 'found');
v.same<typeof some, Tensor<'float', readonly ['batch', 'found', 'hidden']>>(true);
const embedded = gather(v.table, 'vocab', v.ids);
v.same<typeof embedded, Hidden>(true);
const last = slice(v.x, 'seq', { start: 'seq-1', size: 1 });
v.same<typeof last, Tensor<'float', readonly ['batch', 1, 'hidden']>>(true);
const both = concat([v.x, v.image, v.x], 'seq', '2*seq+image');
v.same<typeof both, Tensor<'float', readonly ['batch', '2*seq+image', 'hidden']>>(true);
const rows = iota(v.x, 'seq');
v.same<typeof rows, Tensor<'i32', readonly ['seq']>>(true);

// Layout.
const heads = splitHeads(v.x, 'heads', 'headDim');
v.same<typeof heads, typeof v.q>(true);
const merged = mergeHeads(v.q, 'heads*headDim');
v.same<typeof merged, Tensor<'float', readonly ['batch', 'seq', 'heads*headDim']>>(true);
const turned = transpose(v.x, ['hidden', 'batch', 'seq']);
v.same<typeof turned, Tensor<'float', readonly ['hidden', 'batch', 'seq']>>(true);
const flat = reshape(v.x, ['batch*seq', 'hidden']);
v.same<typeof flat, Tensor<'float', readonly ['batch*seq', 'hidden']>>(true);
const spread = broadcastTo(v.scale, ['batch', 'seq', 'hidden']);
v.same<typeof spread, Hidden>(true);
const single = cast(v.x, 'f32');
v.same<typeof single, Tensor<'f32', readonly ['batch', 'seq', 'hidden']>>(true);

// Matrices and attention.
const scores = matmul(v.x, transpose(v.image, ['batch', 'hidden', 'image']));
v.same<typeof scores, Tensor<'float', readonly ['batch', 'seq', 'image']>>(true);
const shared = matmul(v.x, transpose(v.weight, ['hidden', 'ffn']));
v.same<typeof shared, Tensor<'float', readonly ['batch', 'seq', 'ffn']>>(true);
v.past.append(rope(v.k, v.positions, { theta: 1e4, layout: 'half' }), v.k);
v.past.append(v.imageK, v.imageK);
const attended = attention(v.q, v.past, { causal: true });
v.same<typeof attended, typeof v.q>(true);
const crossed = attention(v.q, v.imageK, v.imageK, { causal: false, scale: 1 });
v.same<typeof crossed, typeof v.q>(true);
const segments = { q: v.positions, k: v.imagePositions };
attention(v.q, v.imageK, v.imageK, { causal: false, segments });
attention(v.q, v.imageK, v.imageK, { causal: false, mask: v.imageShown });
attention(v.q, v.past, { causal: true });
const probabilities = attentionWeights(v.q, v.imageK, { causal: false, segments });
v.same<typeof probabilities, Tensor<'float', readonly ['batch', 'heads', 'seq', 'image']>>(true);
attentionWeights(v.q, v.past.keys, { causal: true });
v.memory.append(v.image);
v.same<typeof v.memory.value, Tensor<'float', readonly ['batch', 'past', 'hidden']>>(true);
