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
dim width = 9 .. 40
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
  %odd : f32[2 6 floor((height+1)/2) width] = conv2d(%pixels, @odd) {stride=[2 1], padding=[1 1 1 1]}
  return tokens = %tokens
  return count = %count
  return odd = %odd
}
call main height=9 width=11
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
    }
    await executor.dispose();
  });
});
