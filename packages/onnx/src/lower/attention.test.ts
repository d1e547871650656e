import { drawTensor, type HostTensor, parseProgram, seededRandom, verifyProgram } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { describe, expect, it } from 'vitest';
import { maxDifference, openInRuntime } from '../../../../test/support/onnx.ts';
import { lowerToOnnx } from '../lowerToOnnx.ts';
import { printOnnx } from '../printOnnx.ts';

const DIMS = `dim seq = 1 .. 8
dim image = 1 .. 8
dim past = 0 .. 32
state $layers.0.past.key : f32[1 past 2 8] axis 1
state $layers.0.past.value : f32[1 past 2 8] axis 1
`;

/** Only reads the cache; `load` fills it. */
const CROSS = `program cross
${DIMS}
entry load(%k : f32[1 image 2 8], %v : f32[1 image 2 8]) {
  %empty_key : f32[1 0 2 8] = reset($layers.0.past.key) {axis=1}
  %empty_value : f32[1 0 2 8] = reset($layers.0.past.value) {axis=1}
  %key : f32[1 image 2 8] = append(%empty_key, %k) {axis=1}
  %value : f32[1 image 2 8] = append(%empty_value, %v) {axis=1}
  keep $layers.0.past.key = %key
  keep $layers.0.past.value = %value
}

entry step(%q : f32[1 seq 4 8]) {
  %y : f32[1 seq 4 8] = attention(%q, $layers.0.past.key, $layers.0.past.value) {causal=false, scale=0.3}
  keep $layers.0.past.key = $layers.0.past.key
  keep $layers.0.past.value = $layers.0.past.value
  return y = %y
}
`;

/** Two attentions read what one appended: the second finds keys that it has not appended itself. */
const SHARED = `program shared
${DIMS}
entry step(%q : f32[1 seq 4 8], %r : f32[1 seq 2 8], %k : f32[1 seq 2 8], %v : f32[1 seq 2 8]) {
  %key : f32[1 past+seq 2 8] = append($layers.0.past.key, %k) {axis=1}
  %value : f32[1 past+seq 2 8] = append($layers.0.past.value, %v) {axis=1}
  %a : f32[1 seq 4 8] = attention(%q, %key, %value) {causal=true, scale=0.3}
  %b : f32[1 seq 2 8] = attention(%r, %key, %value) {causal=true, scale=0.3}
  %c : f32[1 seq 2 8] = attention(%r, %key, %value) {causal=false, scale=0.3}
  keep $layers.0.past.key = %key
  keep $layers.0.past.value = %value
  return a = %a
  return b = %b
  return c = %c
}
`;

/** No cache; values wider than keys; segments of a packed batch. */
const PACKED = `program packed
dim seq = 1 .. 8
entry step(%q : f32[2 seq 4 6], %k : f32[2 seq 2 6], %v : f32[2 seq 2 10], %ids : i32[2 seq]) {
  %a : f32[2 seq 4 10] = attention(%q, %k, %v) {causal=true, scale=0.3}
  %b : f32[2 seq 4 10] = attention(%q, %k, %v) {causal=false, scale=0.3}
  %c : f32[2 seq 4 10] = attention(%q, %k, %v, %ids, %ids) {causal=true, scale=0.3}
  return a = %a
  return b = %b
  return c = %c
}
`;

type Call = readonly [entry: string, shapes: Readonly<Record<string, readonly number[]>>];

describe.each(['ort', 'onnx'] as const)('attention in profile %s', (profile) => {
  async function check(text: string, calls: readonly Call[]) {
    const program = parseProgram(text);
    verifyProgram(program);
    const onnx = await openInRuntime(program, profile);
    const reference = referenceExecutor(program, { param: () => expect.fail('there are no params') });
    const random = seededRandom(5);
    for (const [entry, shapes] of calls) {
      const tensors = Object.entries(shapes).map(([name, shape]): [string, HostTensor] => [
        name,
        name === 'ids' ? drawTensor('i32', shape, { below: 2 }, random) : drawTensor('f32', shape, 'normal', random),
      ]);
      const actual = await onnx.run(entry, Object.fromEntries(tensors));
      const expected = await reference.run(entry, Object.fromEntries(tensors));
      for (const [name, { data }] of Object.entries(expected)) {
        expect(maxDifference(actual[name]?.data ?? [], data), `${name} of ${entry}`).toBeLessThanOrEqual(1e-6);
      }
    }
    await onnx.dispose();
  }

  it('gives exact zeros while there is no image, and reads the newest image afterwards', async () => {
    const program = parseProgram(CROSS);
    const onnx = await openInRuntime(program, profile);
    for (const count of [1, 3]) {
      const q = drawTensor('f32', [1, count, 4, 8], 'normal', seededRandom(1));
      const { y } = await onnx.run('step', { q });
      expect(y?.data).toEqual(new Float32Array(count * 32));
    }
    await onnx.dispose();
    const load = (count: number): Call => ['load', { k: [1, count, 2, 8], v: [1, count, 2, 8] }];
    const step = (count: number): Call => ['step', { q: [1, count, 4, 8] }];
    await check(CROSS, [step(2), load(3), step(2), step(1), load(1), step(1), load(8), step(4)]);
  });

  it('is right for a second reader of the same cache', async () => {
    const step = (count: number): Call => {
      const kv = [1, count, 2, 8];
      return ['step', { q: [1, count, 4, 8], r: kv, k: kv, v: kv }];
    };
    await check(SHARED, [step(3), step(1), step(1), step(4)]);
  });

  it('is right without a cache, with segments and with values wider than keys', async () => {
    const step = (count: number): Call => {
      const [q, k, v, ids] = [
        [2, count, 4, 6],
        [2, count, 2, 6],
        [2, count, 2, 10],
        [2, count],
      ];
      return ['step', { q: q ?? [], k: k ?? [], v: v ?? [], ids: ids ?? [] }];
    };
    await check(PACKED, [step(1), step(5)]);
  });

  it('says in the model why an attention was expanded', () => {
    const { files } = lowerToOnnx(parseProgram(SHARED), { profile, weights: () => new Uint8Array() });
    const text = printOnnx(files.get('step.onnx') ?? new Uint8Array());
    expect(text).toContain('attention in parts: causal, with more keys than queries and no append of its own');
    expect(text.match(/Attention\(/g)).toHaveLength(2);
  });
});
