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
