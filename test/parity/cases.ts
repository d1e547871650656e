import { type ProgramCase, parseCase } from '../support/programCase.ts';

/** Programs whose sizes lie around the tiles' of fast kernels: a little less, exactly, a little more, and nothing. */
export const cases: Readonly<Record<string, () => ProgramCase>> = {
  ...Object.fromEntries(
    (['f32', 'f16', 'bf16'] as const).map((dtype) => [`linear in ${dtype}`, () => linears(dtype)] as const),
  ),
  'linear of quantised weights': quantizedLinears,
  'linears of one x in f32': () => fusedLinears('f32'),
  'linears of one x in f16': () => fusedLinears('f16'),
  'linears of one x, quantised': fusedQuantized,
  'attention over f32 caches': () => caches('f32'),
  'attention over f16 caches': () => caches('f16'),
  'attention in segments, with masks': visibility,
  'norms and softmax of long rows': rows,
  'reductions of long rows': reductions,
  'products of matrices': products,
  convolutions: convolutions,
};

const calls = (sizes: readonly number[]) => sizes.map((seq) => `call main seq=${seq}`).join('\n');

function linears(dtype: string): ProgramCase {
  return parseCase(`program linears
dim seq = 0 .. 70
param @wide : ${dtype}[130 72]
param @bias : ${dtype}[130]
param @back : ${dtype}[66 132]
param @odd : ${dtype}[5 36]
entry main(%x : ${dtype}[1 seq 72], %z : ${dtype}[seq 132], %v : ${dtype}[seq 36]) {
  %a : ${dtype}[1 seq 130] = linear(%x, @wide, @bias)
  %b : ${dtype}[seq 66] = linear(%z, @back)
  %c : ${dtype}[seq 5] = linear(%v, @odd)
  return a = %a
  return b = %b
  return c = %c
}
${calls([1, 7, 64, 70, 0])}
`);
}

function quantizedLinears(): ProgramCase {
  return parseCase(`program quantised
dim seq = 0 .. 70
param @four : u8[70 3 16]
param @fourScales : f32[70 3]
param @fourZeros : u8[70 2]
param @bias : f32[70]
param @short : u8[6 2 16]
param @shortScales : f32[6 2]
param @eight : u8[66 4 16]
param @eightScales : f32[66 4]
param @eightZeros : u8[66 4]
entry main(%x : f32[1 seq 96], %z : f32[seq 39], %v : f32[seq 64]) {
  %a : f32[1 seq 70] = quantizedLinear(%x, @four, @fourScales, @fourZeros, @bias) {bits=4, block=32, columns=96}
  %b : f32[seq 6] = quantizedLinear(%z, @short, @shortScales) {bits=4, block=32, columns=39}
  %c : f32[seq 66] = quantizedLinear(%v, @eight, @eightScales, @eightZeros) {bits=8, block=16, columns=64}
  return a = %a
  return b = %b
  return c = %c
}
${calls([1, 7, 64, 70, 0])}
`);
}

/**
 * What one x gives to several linears, with what follows: rotated and appended keys, a gate, a residual sum. Rows that are
 * no multiple of a tile's, or of four; a weight whose columns do not come in fours; a result that is read twice.
 */
function fusedLinears(dtype: string): ProgramCase {
  return parseCase(`program fusedLinears
dim seq = 0 .. 70
dim past = 0 .. 180
param @q : ${dtype}[24 72]
param @qb : ${dtype}[24]
param @k : ${dtype}[16 72]
param @kb : ${dtype}[16]
param @gate : ${dtype}[130 72]
param @up : ${dtype}[130 72]
param @ub : ${dtype}[130]
param @back : ${dtype}[72 24]
param @odd : ${dtype}[72 130]
param @scale : ${dtype}[72]
state $keys : ${dtype}[1 past 2 8] axis 1
state $values : ${dtype}[1 past 2 8] axis 1
entry main(%x : ${dtype}[1 seq 72], %places : i32[3 1 seq]) {
  %share : ${dtype}[] = constant() {dtype="${dtype}", shape=[], values=[0.2]}
  %z : ${dtype}[1 seq 72] = mul(%x, %share)
  %q0 : ${dtype}[1 seq 24] = linear(%z, @q, @qb)
  %q1 : ${dtype}[1 seq 3 8] = reshape(%q0) {shape=[1 seq 3 8]}
  %q : ${dtype}[1 seq 3 8] = rope(%q1, %places) {theta=100, layout="half", sections=[1 2 1], axial=false}
  %k0 : ${dtype}[1 seq 16] = linear(%z, @k, @kb)
  %k1 : ${dtype}[1 seq 2 8] = reshape(%k0) {shape=[1 seq 2 8]}
  %k : ${dtype}[1 seq 2 8] = rope(%k1, %places) {theta=100, layout="half", sections=[1 2 1], axial=false}
  %v : ${dtype}[1 seq 2 8] = reshape(%k0) {shape=[1 seq 2 8]}
  %keys : ${dtype}[1 past+seq 2 8] = append($keys, %k) {axis=1}
  %values : ${dtype}[1 past+seq 2 8] = append($values, %v) {axis=1}
  %gate : ${dtype}[1 seq 130] = linear(%z, @gate)
  %up : ${dtype}[1 seq 130] = linear(%z, @up, @ub)
  %both : ${dtype}[1 seq 130] = swiglu(%gate, %up)
  %down : ${dtype}[1 seq 72] = linear(%both, @odd)
  %back : ${dtype}[1 seq 72] = linear(%q0, @back)
  %little : ${dtype}[1 seq 72] = mul(%share, %back)
  %scaled : ${dtype}[1 seq 72] = mul(%little, @scale)
  %sum : ${dtype}[1 seq 72] = add(%scaled, %z)
  %less : ${dtype}[1 seq 72] = mul(%down, %share)
  %twice : ${dtype}[1 seq 72] = add(%sum, %less)
  keep $keys = %keys
  keep $values = %values
  return keys = %keys
  return values = %values
  return q = %q
  return sum = %sum
  return twice = %twice
}
${calls([1, 64, 7, 70, 0])}
`);
}

function fusedQuantized(): ProgramCase {
  return parseCase(`program fusedQuantized
dim seq = 0 .. 70
param @q : u8[24 3 16]
param @qs : f32[24 3]
param @qz : u8[24 2]
param @qb : f32[24]
param @k : u8[18 3 16]
param @ks : f32[18 3]
param @kz : u8[18 2]
param @gate : u8[66 5 16]
param @gs : f32[66 5]
param @up : u8[66 5 16]
param @us : f32[66 5]
param @ub : f32[66]
entry main(%x : f32[1 seq 72], %places : i32[1 seq]) {
  %q0 : f32[1 seq 24] = quantizedLinear(%x, @q, @qs, @qz, @qb) {bits=4, block=32, columns=72}
  %q1 : f32[1 seq 3 8] = reshape(%q0) {shape=[1 seq 3 8]}
  %q : f32[1 seq 3 8] = rope(%q1, %places) {theta=100, layout="interleaved", sections=[], axial=false}
  %k : f32[1 seq 18] = quantizedLinear(%x, @k, @ks, @kz) {bits=4, block=32, columns=72}
  %gate : f32[1 seq 66] = quantizedLinear(%x, @gate, @gs) {bits=8, block=16, columns=72}
  %up : f32[1 seq 66] = quantizedLinear(%x, @up, @us, @ub) {bits=8, block=16, columns=72}
  %both : f32[1 seq 66] = swiglu(%gate, %up)
  return q = %q
  return k = %k
  return both = %both
}
${calls([1, 64, 7, 70, 0])}
`);
}

/** A text cache and a window that only another entry fills; heads that share keys. */
function caches(dtype: string): ProgramCase {
  return parseCase(`program caches
dim seq = 1 .. 40
dim past = 0 .. 96
dim image = 0 .. 40
dim window = 0 .. 40
state $keys : ${dtype}[1 past 2 12] axis 1
state $values : ${dtype}[1 past 2 8] axis 1
state $window : ${dtype}[1 window 3 8] axis 1

entry main(%q : ${dtype}[1 seq 6 12], %k : ${dtype}[1 seq 2 12], %v : ${dtype}[1 seq 2 8], %z : ${dtype}[1 seq 3 8]) {
  %allKeys : ${dtype}[1 past+seq 2 12] = append($keys, %k) {axis=1}
  %allValues : ${dtype}[1 past+seq 2 8] = append($values, %v) {axis=1}
  %y : ${dtype}[1 seq 6 8] = attention(%q, %allKeys, %allValues) {causal=true, scale=0.3}
  %seen : ${dtype}[1 seq 3 8] = attention(%z, $window, $window) {causal=false, scale=0.35}
  keep $keys = %allKeys
  keep $values = %allValues
  keep $window = $window
  return y = %y
  return seen = %seen
}

entry open(%image : ${dtype}[1 image 3 8]) {
  %none : ${dtype}[1 0 3 8] = reset($window) {axis=1}
  %whole : ${dtype}[1 image 3 8] = append(%none, %image) {axis=1}
  keep $window = %whole
}

call main seq=11
call main seq=1
call open image=33
call main seq=40
call main seq=5
`);
}

/** Segments of unequal lengths, some of them nobody's; masks of keys and of heads; head sizes of 4 and of 80. */
function visibility(): ProgramCase {
  return parseCase(`program visibility
dim seq = 1 .. 90
entry main(%q : f32[2 seq 4 80], %k : f32[2 seq 4 80], %v : f32[2 seq 4 80], %z : f32[2 seq 4 4], %keep : bool[2 1 1 seq], %heads : bool[1 4 seq 1], %lone : i32[2 seq]) {
  %index : i32[seq] = iota() {size=seq}
  %size : f32[] = constant() {dtype="f32", shape=[], values=[20]}
  %place : f32[seq] = cast(%index) {to="f32"}
  %share : f32[seq] = div(%place, %size)
  %whole : f32[seq] = floor(%share)
  %segment : i32[seq] = cast(%whole) {to="i32"}
  %rows : i32[1 seq] = reshape(%segment) {shape=[1 seq]}
  %segments : i32[2 seq] = broadcastTo(%rows) {shape=[2 seq]}
  %windows : f32[2 seq 4 80] = attention(%q, %k, %v, %segments, %segments) {causal=false, scale=0.1}
  %drawn : f32[2 seq 4 4] = attention(%z, %z, %z, %segments, %lone) {causal=true, scale=0.5}
  %kept : f32[2 seq 4 4] = attention(%z, %z, %z, %keep) {causal=true, scale=0.5}
  %some : f32[2 seq 4 80] = attention(%q, %k, %v, %heads) {causal=false, scale=0.1}
  return windows = %windows
  return drawn = %drawn
  return kept = %kept
  return some = %some
}
${calls([1, 32, 45, 90])}
`);
}

function reductions(): ProgramCase {
  return parseCase(`program reductions
dim seq = 0 .. 5
entry main(%x : f32[2 seq 260]) {
  %sum : f32[2 seq] = reduceSum(%x) {axis=-1, keepDims=false}
  %mean : f32[2 seq 1] = reduceMean(%x) {axis=-1, keepDims=true}
  %most : f32[2 seq] = reduceMax(%x) {axis=-1, keepDims=false}
  %least : f32[2 seq] = reduceMin(%x) {axis=-1, keepDims=false}
  %few : f32[2 seq 260] = floor(%x)
  %first : i32[2 seq] = argMax(%few) {axis=-1, keepDims=false}
  %last : i32[2 seq] = argMin(%few) {axis=-1, keepDims=false}
  return sum = %sum
  return mean = %mean
  return most = %most
  return least = %least
  return first = %first
  return last = %last
}
${calls([1, 5, 0])}
`);
}

/** Leading axes that are broadcast, sizes around a tile's, and a side that is a state with gaps. */
function products(): ProgramCase {
  return parseCase(`program products
dim seq = 0 .. 70
param @wide : f32[3 37 66]
entry main(%x : f32[2 1 seq 37], %z : f32[seq 20], %v : f32[20 seq]) {
  %a : f32[2 3 seq 66] = matmul(%x, @wide)
  %b : f32[seq seq] = matmul(%z, %v)
  return a = %a
  return b = %b
}
${calls([1, 64, 70, 0])}
`);
}

/** Padding, strides, groups of channels, and images whose size a run gives. */
function convolutions(): ProgramCase {
  return parseCase(`program convolutions
dim height = 6 .. 12
param @patch : f32[70 3 4 4]
param @bias : f32[70]
param @two : f32[34 3 3 2]
entry main(%x : f32[2 3 height 16], %z : f32[1 6 height 9]) {
  %a : f32[2 70 floor((height-2)/2) 7] = conv2d(%x, @patch, @bias) {stride=[2 2], padding=[0 0]}
  %b : f32[1 34 height 10] = conv2d(%z, @two) {stride=[1 1], padding=[1 1]}
  return a = %a
  return b = %b
}
call main height=12
call main height=7
`);
}

function rows(): ProgramCase {
  return parseCase(`program rows
dim seq = 0 .. 5
param @weight : f32[260]
param @bias : f32[260]
param @odd : f32[131]
entry main(%x : f32[2 seq 260], %z : f32[seq 131]) {
  %a : f32[2 seq 260] = rmsNorm(%x, @weight) {eps=0.00001, scaleInF32=true}
  %b : f32[2 seq 260] = layerNorm(%x, @weight, @bias) {eps=0.00001}
  %c : f32[2 seq 260] = standardize(%x) {eps=0.00001}
  %d : f32[2 seq 260] = softmax(%x) {axis=-1}
  %e : f32[seq 131] = rmsNorm(%z, @odd) {eps=0.00001, scaleInF32=true}
  %f : f32[seq 131] = layerNorm(%z, @odd, @odd) {eps=0.00001}
  return a = %a
  return b = %b
  return c = %c
  return d = %d
  return e = %e
  return f = %f
}
${calls([1, 5, 0])}
`);
}
