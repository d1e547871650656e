import { expandComposites, runPasses } from '@casement/passes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, lowersWhole, openBench, TARGETS, type Target } from '../support/bench.ts';
import { parseCase, runCase, tensorDifference } from '../support/programCase.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

/** Programs with calls of different sizes; see `parseCase`. */
const CASES: Readonly<Record<string, string>> = {
  'strided convolutions of images of any size': `program images
dim height = 9 .. 40
dim width = 12 .. 40
param @patch : f32[4 3 4 4]
param @halve : f32[6 4 2 2]
param @odd : f32[6 3 3 3]
param @bias : f32[6]
param @depth : f32[6 1 3 3]
entry main(%pixels : f32[2 3 height width]) {
  %a : f32[2 4 floor(height/4) floor(width/4)] = conv2d(%pixels, @patch) {stride=[4 4], padding=[0 0 0 0]}
  %b : f32[2 6 floor(height/8) floor(width/8)] = conv2d(%a, @halve, @bias) {stride=[2 2], padding=[0 0 0 0]}
  %c : f32[2 6 floor(height/8) floor(width/8)] = conv2d(%b, @depth) {stride=[1 1], padding=[1 1 1 1]}
  %turned : f32[2 floor(height/8) floor(width/8) 6] = transpose(%c) {perm=[0 2 3 1]}
  %tokens : f32[2 floor(height/8)*floor(width/8) 6] = reshape(%turned) {shape=[2 floor(height/8)*floor(width/8) 6]}
  %count : i32[floor(height/8)*floor(width/8)+1] = iota() {size=floor(height/8)*floor(width/8)+1}
  %pooled : f32[2 4 floor(height/8) floor(width/12)] = meanPool2d(%a) {size=[2 3], stride=[2 3]}
  %odd : f32[2 6 floor((height+1)/2) width] = conv2d(%pixels, @odd) {stride=[2 1], padding=[1 1 1 1]}
  return tokens = %tokens
  return count = %count
  return odd = %odd
  return pooled = %pooled
}
call main height=9 width=13
call main height=40 width=15
call main height=33 width=32
`,
  'order and places in sequences of any length': `program places
dim seq = 3 .. 12
dim batch = 1 .. 4
entry main(%x : f32[batch seq 6], %ids : i32[batch seq], %keep : bool[batch seq]) {
  %scores : f32[batch seq] = reduceSum(%x) {axis=2, keepDims=false}
  %order : i32[batch seq] = argSort(%scores) {axis=1, descending=false, count=seq}
  %back : i32[batch seq] = argSort(%order) {axis=1, descending=false, count=seq}
  %best : i32[batch 3] = argSort(%scores) {axis=1, descending=true, count=3}
  %column : i32[batch 3 1] = reshape(%best) {shape=[batch 3 1]}
  %rows : f32[batch 3 6] = gatherAlong(%x, %column) {axis=1}
  %most : i32[batch seq-1] = argSort(%ids) {axis=1, descending=true, count=seq-1}
  %there : f32[batch seq 6] = scatterAlong(%x, %column, %rows) {axis=1}
  %index : i32[seq] = iota() {size=seq}
  %zero : i32[] = constant() {dtype="i32", shape=[], values=[0]}
  %first : bool[seq] = equal(%index, %zero)
  %some : bool[batch seq] = or(%keep, %first)
  %near : f32[batch batch seq] = maxSimilarity(%x, %x, %some)
  %counts : i32[batch seq] = cumSum(%ids) {axis=1}
  %hot : bool[batch seq seq] = oneHot(%order) {size=seq}
  %wide : f32[batch 2*seq+1 6] = pad(%x) {axis=1, before=1, after=seq, value=2}
  return back = %back
  return rows = %rows
  return most = %most
  return there = %there
  return near = %near
  return counts = %counts
  return hot = %hot
  return wide = %wide
}
call main seq=3 batch=1
call main seq=12 batch=4
call main seq=7 batch=2
`,
  'rows that are counted when the program runs': `program counted
dim seq = 1 .. 100
dim kept = 0 .. 200
dim left = 0 .. 200
dim past = 0 .. 900
param @w : f32[4 8]
param @v : f32[8 8]
state $keys : f32[1 past 2 4] axis 1
state $values : f32[1 past 2 4] axis 1
entry main(%x : f32[2 seq 4], %keep : bool[2 seq], %q : f32[1 3 4 4]) {
  %flags : bool[2*seq] = reshape(%keep) {shape=[2*seq]}
  %rows : f32[2*seq 4] = reshape(%x) {shape=[2*seq 4]}
  %found : i32[kept] = nonZero(%flags) {count=kept}
  %some : f32[kept 4] = gather(%rows, %found) {axis=0}
  %wide : f32[kept 8] = matmul(%some, @w)
  %wider : f32[kept 8] = linear(%wide, @v)
  %heads : f32[1 kept 2 4] = reshape(%wider) {shape=[1 kept 2 4]}
  %self : f32[1 kept 2 4] = attention(%heads, %heads, %heads) {causal=true, scale=0.5}
  %key : f32[1 past+kept 2 4] = append($keys, %heads) {axis=1}
  %value : f32[1 past+kept 2 4] = append($values, %self) {axis=1}
  %mixed : f32[1 3 4 4] = attention(%q, %key, %value) {causal=false, scale=0.5}
  %sum : f32[8] = reduceSum(%wider) {axis=0, keepDims=false}
  %index : i32[kept] = iota() {size=kept}
  %two : i32[] = constant() {dtype="i32", shape=[], values=[2]}
  %early : bool[kept] = less(%two, %index)
  %again : i32[left] = nonZero(%early) {count=left}
  %rest : f32[left 8] = gather(%wider, %again) {axis=0}
  %one : f32[1 8] = slice(@v) {axis=0, start=2, size=1}
  %all : f32[kept+left+1 8] = concat(%wider, %rest, %one) {axis=0}
  %across : f32[8 kept] = transpose(%wider) {perm=[1 0]}
  keep $keys = %key
  keep $values = %value
  return found = %found
  return mixed = %mixed
  return sum = %sum
  return rest = %rest
  return all = %all
  return across = %across
  return plain = %x
}
call main seq=9
call main seq=100
call main seq=1
call main seq=37
`,
  'nothing kept, everything kept': `program ends
dim seq = 1 .. 70
dim kept = 0 .. 70
dim past = 0 .. 300
param @w : f32[8 4]
param @scale : f32[8]
state $memory : f32[past 8] axis 0
entry none(%x : f32[seq 4], %ids : i32[seq]) {
  %zero : i32[] = constant() {dtype="i32", shape=[], values=[0]}
  %keep : bool[seq] = less(%ids, %zero)
  %found : i32[kept] = nonZero(%keep) {count=kept}
  %rows : f32[kept 4] = gather(%x, %found) {axis=0}
  %wide : f32[kept 8] = linear(%rows, @w)
  %normed : f32[kept 8] = layerNorm(%wide, @scale, @scale) {eps=0.00001}
  %likely : f32[kept 8] = softmax(%normed) {axis=-1}
  %code : i32[kept] = argMin(%likely) {axis=1, keepDims=false}
  %order : i32[kept] = argSort(%code) {axis=0, descending=true, count=kept}
  %turned : f32[8 kept] = transpose(%likely) {perm=[1 0]}
  %square : f32[kept kept] = matmul(%likely, %turned)
  %sum : f32[8] = reduceSum(%likely) {axis=0, keepDims=false}
  %top : f32[8] = reduceMax(%likely) {axis=0, keepDims=false}
  %heads : f32[1 kept 2 4] = reshape(%likely) {shape=[1 kept 2 4]}
  %self : f32[1 kept 2 4] = attention(%heads, %heads, %heads) {causal=false, scale=0.5}
  %grown : f32[past+kept 8] = append($memory, %likely) {axis=0}
  %total : f32[8] = reduceSum(%grown) {axis=0, keepDims=false}
  keep $memory = %grown
  return found = %found
  return code = %code
  return order = %order
  return square = %square
  return sum = %sum
  return top = %top
  return self = %self
  return total = %total
}
entry all(%x : f32[seq 4], %ids : i32[seq]) {
  %zero : i32[] = constant() {dtype="i32", shape=[], values=[0]}
  %keep : bool[seq] = lessOrEqual(%zero, %ids)
  %found : i32[kept] = nonZero(%keep) {count=kept}
  %rows : f32[kept 4] = gather(%x, %found) {axis=0}
  %wide : f32[kept 8] = linear(%rows, @w)
  %normed : f32[kept 8] = layerNorm(%wide, @scale, @scale) {eps=0.00001}
  %likely : f32[kept 8] = softmax(%normed) {axis=-1}
  %code : i32[kept] = argMin(%likely) {axis=1, keepDims=false}
  %order : i32[kept] = argSort(%code) {axis=0, descending=true, count=kept}
  %turned : f32[8 kept] = transpose(%likely) {perm=[1 0]}
  %square : f32[kept kept] = matmul(%likely, %turned)
  %sum : f32[8] = reduceSum(%likely) {axis=0, keepDims=false}
  %top : f32[8] = reduceMax(%likely) {axis=0, keepDims=false}
  %heads : f32[1 kept 2 4] = reshape(%likely) {shape=[1 kept 2 4]}
  %self : f32[1 kept 2 4] = attention(%heads, %heads, %heads) {causal=false, scale=0.5}
  %grown : f32[past+kept 8] = append($memory, %likely) {axis=0}
  %total : f32[8] = reduceSum(%grown) {axis=0, keepDims=false}
  keep $memory = %grown
  return found = %found
  return code = %code
  return order = %order
  return square = %square
  return sum = %sum
  return top = %top
  return self = %self
  return total = %total
}
call none seq=5
call all seq=70
call none seq=66
call all seq=1
call none seq=1
`,
};

describe.each(Object.entries(CASES))('%s', (_, text) => {
  const wanted = parseCase(text);
  const answers = runCase(wanted);

  it.each(TARGETS)('%s gives the reference', async (target: Target) => {
    const passes = [expandComposites((name) => lowersWhole(target, name))];
    const executor = await bench.open(target, runPasses(wanted.program, passes).program, wanted.params);
    for (const [turn, { entry, inputs }] of wanted.calls.entries()) {
      const outputs = await executor.run(entry, Object.fromEntries(inputs));
      for (const [name, tensor] of answers[turn]?.outputs ?? []) {
        expect(tensorDifference(outputs[name], tensor), `${name} of call ${turn}`).toBeLessThanOrEqual(1e-5);
      }
      for (const [name, { shape }] of answers[turn]?.states ?? []) {
        const { axis, dim } = executor.signature.states.find((state) => state.name === name) ?? expect.fail(name);
        expect(executor.lengths.get(dim)).toBe(shape[axis]);
      }
    }
    await executor.dispose();
  });
});
