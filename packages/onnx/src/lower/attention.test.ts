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

/** Masks of keys and of pairs: over a cache that may be empty, behind an append, and without a cache. */
const MASKED = `program masked
${DIMS}
entry load(%k : f32[1 image 2 8], %v : f32[1 image 2 8]) {
  %key : f32[1 past+image 2 8] = append($layers.0.past.key, %k) {axis=1}
  %value : f32[1 past+image 2 8] = append($layers.0.past.value, %v) {axis=1}
  keep $layers.0.past.key = %key
  keep $layers.0.past.value = %value
}

entry cross(%q : f32[1 seq 4 8], %keys : bool[1 1 1 past], %pairs : bool[1 4 seq past]) {
  %a : f32[1 seq 4 8] = attention(%q, $layers.0.past.key, $layers.0.past.value, %keys) {causal=false, scale=0.3}
  %b : f32[1 seq 4 8] = attention(%q, $layers.0.past.key, $layers.0.past.value, %pairs) {causal=false, scale=0.3}
  keep $layers.0.past.key = $layers.0.past.key
  keep $layers.0.past.value = $layers.0.past.value
  return a = %a
  return b = %b
}

entry step(%q : f32[1 seq 4 8], %k : f32[1 seq 2 8], %pairs : bool[1 1 seq past+seq]) {
  %key : f32[1 past+seq 2 8] = append($layers.0.past.key, %k) {axis=1}
  %value : f32[1 past+seq 2 8] = append($layers.0.past.value, %k) {axis=1}
  %a : f32[1 seq 4 8] = attention(%q, %key, %value, %pairs) {causal=true, scale=0.3}
  keep $layers.0.past.key = %key
  keep $layers.0.past.value = %value
  return a = %a
}

entry plain(%q : f32[2 seq 4 8], %k : f32[2 seq 2 8], %pairs : bool[1 1 seq seq], %keys : bool[2 1 1 seq]) {
  %a : f32[2 seq 4 8] = attention(%q, %k, %k, %pairs) {causal=false, scale=0.3}
  %b : f32[2 seq 4 8] = attention(%q, %k, %k, %keys) {causal=true, scale=0.3}
  return a = %a
  return b = %b
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
      const inputs = program.entries.get(entry)?.inputs ?? [];
      const tensors = inputs.map(({ name, type: { dtype } }): [string, HostTensor] => [
        name,
        drawTensor(dtype, shapes[name] ?? [], dtype === 'f32' ? 'normal' : { below: 2 }, random),
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

  it('hides what a mask hides, with and without a cache', async () => {
    const load = (count: number): Call => ['load', { k: [1, count, 2, 8], v: [1, count, 2, 8] }];
    const cross = (count: number, past: number): Call => [
      'cross',
      { q: [1, count, 4, 8], keys: [1, 1, 1, past], pairs: [1, 4, count, past] },
    ];
    const step = (count: number, past: number): Call => [
      'step',
      { q: [1, count, 4, 8], k: [1, count, 2, 8], pairs: [1, 1, count, past + count] },
    ];
    const plain = (count: number): Call => [
      'plain',
      { q: [2, count, 4, 8], k: [2, count, 2, 8], pairs: [1, 1, count, count], keys: [2, 1, 1, count] },
    ];
    await check(MASKED, [
      cross(2, 0),
      step(3, 0),
      cross(3, 3),
      step(1, 3),
      load(4),
      step(5, 8),
      cross(1, 13),
      plain(5),
    ]);
  });

  it('says in the model why an attention was expanded', () => {
    const { files } = lowerToOnnx(parseProgram(SHARED), { profile, weights: () => new Uint8Array() });
    const text = printOnnx(files.get('step.onnx') ?? new Uint8Array());
    expect(text).toContain('attention in parts: causal, with more keys than queries and no append of its own');
    expect(text.match(/Attention\(/g)).toHaveLength(2);
  });
});
