import {
  add,
  argMax,
  argSort,
  attention,
  attentionWeights,
  compress,
  concat,
  conv2d,
  gather,
  gatherAlong,
  groupNorm,
  l2Normalize,
  less,
  linear,
  matmul,
  maxSimilarity,
  mergeHeads,
  mul,
  nonZero,
  oneHot,
  reduceSum,
  rmsNorm,
  rope,
  scatterAlong,
  silu,
  slice,
  softmax,
  stack,
  swiglu,
  topK,
  transpose,
  where,
} from '@casement/dsl';
import * as v from '../values.ts';

// Dims that differ: the second operand is wrong, whatever it is called.
linear(v.wide, v.weight);
//             ^
linear(v.x, v.weight, v.scale);
//                    ^
rmsNorm(v.x, v.wideScale, { eps: 1e-6 });
//           ^
swiglu(v.x, v.wide);
//          ^
add(v.x, v.image);
//       ^
add(v.x, v.wideScale);
//       ^
mul(v.perRow, v.image);
//            ^
matmul(v.x, v.weight);
//          ^
where(v.flags, v.image, 0);
//             ^
where(v.flags, v.x, v.image);
//                  ^

// Ranks and dtypes that differ.
linear(v.x, v.scale);
//          ^
linear(v.x32, v.weight);
//            ^
add(v.x, v.x32);
//       ^
add(v.x, v.positions);
//       ^
silu(v.positions);
//   ^
mul(2, 3);
//     ^
less(v.flags, 1);
//   ^
where(v.x, v.x, 0);
//    ^

// Axes that are not there.
softmax(v.x, 'image');
//           ^
reduceSum(v.x, 'head');
//             ^
argMax(v.x, 2);
//          ^
l2Normalize(v.x, 'ffn');
//               ^
slice(v.x, 'ffn', { start: 0, size: 1 });
//         ^
gather(v.table, 'vocabulary', v.ids);
//              ^
gather(v.table, 'vocab', v.x);
//                       ^
transpose(v.x, ['batch', 'hidden', 'image']);
//                                 ^
transpose(v.x, ['batch', 'hidden']);
//             ^
concat([v.x, v.x, v.wide], 'seq', '3*seq');
//                ^
stack([v.x, v.wide], 'layers');
//     ^
groupNorm(v.pixels, v.wideScale, v.scale, { groups: 4, eps: 1e-6 });
//                  ^
conv2d(v.x, v.filter, undefined);
//     ^
conv2d(v.pixels, v.filter, v.scale, { padding: 1 });
//                         ^
conv2d(v.pixels, v.filter, v.wideScale, { padding: [1, 1] });
//                                        ^
topK(v.x, 'image', 3);
//        ^
argSort(v.shown, 'seq');
//      ^
gatherAlong(v.x, 'seq', v.positions);
//                      ^
gatherAlong(v.x, 'seq', v.wideIndices);
//                      ^
scatterAlong(v.x, 'seq', v.rowIndices, v.x);
//                                     ^
maxSimilarity(v.x, v.wide);
//                 ^
compress(v.x, 'batch', v.rowFlags, 'found');
//                     ^
nonZero(v.shown, 'found');
//      ^
oneHot(v.x, 'vocab');
//     ^
mergeHeads(v.scale, 'heads*headDim');
//         ^

// Attention.
rope(v.q, v.imagePositions, { theta: 1e4, layout: 'half' });
//        ^
rope(v.q, v.positions, { theta: 1e4, layout: 'halves' });
//                                   ^
attention(v.q, v.otherPast, { causal: true });
//             ^
attention(v.q, v.imageK, v.k, { causal: false });
//                       ^
attention(v.q, v.imageK, v.imageK, { causal: false, segments: { q: v.positions, k: v.positions } });
//                                                                              ^
attention(v.q, v.imageK, v.imageK, { causal: false, mask: v.shown });
//                                                  ^
attention(v.q, v.k, v.k, { causal: true, mask: v.flags });
//                                       ^
attentionWeights(v.q, v.k, { causal: true, mask: v.imageShown });
//                                         ^
attentionWeights(v.q, v.x, { causal: true });
//                    ^
v.past.append(v.q, v.k);
//            ^
v.past.append(v.k, v.imageK);
//                 ^
v.memory.append(v.positions);
//              ^
