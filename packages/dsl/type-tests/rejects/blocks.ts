import { add, block, capacity, entry, linear, model, mul, when } from '@casement/dsl';
import * as v from '../values.ts';

export { maybe, noResult, noSuchParam, otherRest, text, wrongParam, wrongWeight };

// Signatures.
block('b', { inputs: { x: 'flaot[batch seq]' } }, ({ x }) => x);
//                     ^                             ^
block('b', { inputs: 'batch seq' }, (x) => x);
//           ^
block('b', { inputs: 'float[batch]', params: { weight: 'float(hidden)' } }, (x) => x);
//                                             ^
block('b', { inputs: 'float[batch]', params: { bias: when(true, 'f64[hidden]') } }, (x) => x);
//                                                              ^
block('b', { inputs: { x: 'float[batch]' }, state: { past: 'kv[batch past]' } }, ({ x }) => x);
//                                                   ^

// Bodies.
const noSuchParam = block('b', { inputs: 'float[seq hidden]', params: { weight: 'float[hidden]' } }, (x, p) => {
  return mul(x, p.wieght);
  //              ^
});
const wrongParam = block('b', { inputs: 'float[seq hidden]', params: { weight: 'float[seq]' } }, (x, p) => {
  return mul(x, p.weight);
  //            ^
});
const wrongWeight = block('b', { inputs: 'float[... hidden]', params: { weight: 'float[hidden ffn]' } }, (x, p) => {
  return linear(x, p.weight);
  //               ^
});
const otherRest = block('b', { inputs: { x: 'float[... hidden]', y: 'float[seq hidden]' } }, ({ x, y }) => add(x, y));
//                                                                                                                ^
const noResult = block('b', { inputs: 'float[seq hidden]' }, () => 3);
//                                                                 ^
const maybe = block('b', { inputs: 'float[seq hidden]', params: { gain: when(true, 'float[hidden]') } }, (x, p) => {
  return mul(x, p.gain);
  //            ^
});

// Calls.
const norm = block('norm', { inputs: 'float[... hidden]' }, (x) => x);
norm(v.wide);
//   ^
norm(v.positions);
//   ^
const fuse = block('fuse', { inputs: { x: 'float[... hidden]', y: 'float[... hidden]' } }, ({ x, y }) => add(x, y));
fuse({ x: v.x, y: v.image });
//             ^
fuse({ x: v.x });
//   ^
fuse({ x: v.x, y: v.x, z: v.x });
//                     ^
const attend = block('attend', { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } }, ({ x }) => x);
attend({ x: v.x, positions: v.imagePositions });
//               ^
const text: typeof v.image = attend({ x: v.x, positions: v.positions });
//    ^

// Entries and models.
entry({ inputs: { x: 'float[batch seq]' } }, ({ x }) => x);
//                                                      ^
entry({ inputs: { x: 'float[batch seq]' } }, ({ x }) => ({ y: x, n: 3 }));
//                                                               ^
model('m', { dims: { batch: '1', past: capacity(8) }, entries: {} });
//                   ^
