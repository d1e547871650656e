import { drawTensor, seededRandom, seedOf } from '@casement/ir';
import { type DecoderConfig, decoder } from '@casement/models';
import { quantizeWeights } from '@casement/passes';
import {
  captionSettings,
  captionStream,
  type Executor,
  type GenerationSettings,
  generate,
  Session,
  whyOnHost,
} from '@casement/session';
import { countGpu, type GpuCounter, type GpuCounts } from '@casement/session/webgpu';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { softwareDevice } from '../packages/webgpu/test/dawn.ts';
import { type Bench, openBench } from './support/bench.ts';
import { compiledFor } from './support/compiledFor.ts';
import { drawParams } from './support/drawParams.ts';

let bench: Bench;
let counter: GpuCounter;
let opened: Record<'reference' | 'webgpu', Executor>;
beforeAll(async () => {
  const device = await softwareDevice();
  counter = countGpu(device);
  bench = await openBench(device);
  opened = { reference: await open('reference'), webgpu: await open('webgpu') };
});
afterAll(async () => {
  for (const executor of Object.values(opened)) await executor.dispose();
  bench.close();
});

const config: DecoderConfig = {
  name: 'small',
  vocab: 97,
  hidden: 16,
  ffn: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  norm: { eps: 1e-5, scaleInF32: false },
  rope: { theta: 1000, layout: 'half', sections: [1, 2, 1] },
  bias: { qkv: true, o: false, mlp: false },
  tied: true,
  fusion: { attention: 'casa' },
  capacity: { text: 640, window: 640, image: 4, chunk: 8 },
};
const model = decoder(config).build({ dtype: 'f32' });
const params = drawParams(model);

const image = { dtype: 'f32', shape: [2, 16], data: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)) } as const;

async function open(target: 'reference' | 'webgpu'): Promise<Executor> {
  return bench.open(target, compiledFor(target, model), params);
}

async function answer(session: Session, settings: Partial<GenerationSettings>): Promise<number[]> {
  const tokens: number[] = [];
  for await (const { token } of generate(session, settings)) tokens.push(token);
  return tokens;
}

it('generates on the device what the host would choose, and goes on from there', async () => {
  const [onHost, onDevice] = [await open('reference'), await open('webgpu')];
  const seen: (readonly number[])[] = [];
  for (const executor of [onHost, onDevice]) {
    const session = new Session(executor);
    await session.read([3, 1, 4]);
    const first = await answer(session, { maxTokens: 6 });
    // Another answer at once, one that a stop token ends, and one whose reader leaves.
    const second = await answer(session, { maxTokens: 20, stopTokens: [first[2] ?? 0] });
    // A new image, with no text after it: the next token is still the one that the text before it led to.
    counter.take();
    await session.showImage({ embeds: image, grid: { rows: 1, columns: 2 } });
    expect(counter.take().bytesReadBack).toBe(0);
    const sighted = await answer(session, { maxTokens: 4 });
    for await (const { token } of generate(session, { repetitionPenalty: 1.5 }, { history: first })) {
      seen.push([token]);
      if (seen.length % 2 === 0) break;
    }
    await session.fetchLogits();
    const logits = session.nextLogits();
    await session.read([9, 2]);
    seen.push(
      first,
      [...second, ...sighted],
      [logits.indexOf(Math.max(...logits)), session.position],
      await answer(session, { maxTokens: 3 }),
    );
    const before = 3 + first.length + second.length;
    const window = session.position - before + 2; // the image's tokens, and the text since
    expect(Object.fromEntries(executor.lengths)).toEqual({ past: session.position, window });
    await executor.dispose();
  }
  expect(seen.slice(seen.length / 2)).toEqual(seen.slice(0, seen.length / 2));
});

it('asks the device for the same at turn 512 as at turn 2', async () => {
  const executor = await open('webgpu');
  const session = new Session(executor);
  await session.read([3, 1, 4]);
  counter.take();
  const counts = [];
  for await (const _ of generate(session, { maxTokens: 515 })) counts.push(counter.take());
  const [, , second] = counts;
  expect(second).toEqual({
    createBuffer: 0,
    createBindGroup: 0,
    createPipeline: 0,
    computePasses: 1,
    // An embedding, 7 for each layer with CASA, norm and logits, and two that choose the token.
    dispatches: 1 + 2 * 7 + 1 + 2,
    submits: 1,
    writeBuffers: 0,
    bytesWritten: 0,
    bytesReadBack: 4,
  });
  expect(counts[512]).toEqual(second);
  await executor.dispose();
});

it.each<[string, Partial<GenerationSettings>]>([
  ['from all', { temperature: 1.5, seed: 7 }],
  ['from few, with penalties', { temperature: 2, topK: 20, topP: 0.6, repetitionPenalty: 1.3, presencePenalty: 0.5 }],
])('draws the tokens on the device that the host draws: %s', async (_, settings) => {
  const answers = [];
  for (const [target, reason] of [['reference', 'target reference gives logits to the host'], ['webgpu']] as const) {
    const session = new Session(opened[target]);
    await session.reset();
    await session.read([3, 1, 4]);
    expect(whyOnHost(session, settings)).toBe(reason);
    answers.push([await answer(session, { ...settings, maxTokens: 12 }), await answer(session, { maxTokens: 2 })]);
  }
  expect(answers[1]).toEqual(answers[0]);
});

it("chooses captions on the device as the CASA authors' settings want them, at the same cost for every frame", async () => {
  const settings = { ...captionSettings([5, 9]), maxTokens: 6 };
  const prompt = { before: [3, 1], after: [4, 2, 7], delimiters: [4, 2] };
  const frames = Array.from({ length: 4 }, () => ({ embeds: image, grid: { rows: 1, columns: 2 } }));
  const said: (readonly number[])[] = [];
  const counts: GpuCounts[] = [];
  for (const target of ['reference', 'webgpu'] as const) {
    const session = new Session(opened[target]);
    await session.reset();
    for await (const { frame, token, finish } of captionStream(session, frames, { prompt, settings })) {
      said.push([frame, token]);
      // With the first token of a frame go its image and its text, with the last one the stop token that is read.
      const count = counter.take();
      if (target === 'webgpu' && !finish && said.at(-2)?.[0] === frame) counts.push(count);
    }
  }
  expect(said.slice(said.length / 2)).toEqual(said.slice(0, said.length / 2));
  expect(counts.length).toBeGreaterThan(8);
  expect(counts[0]).toEqual({
    createBuffer: 0,
    createBindGroup: 0,
    createPipeline: 0,
    computePasses: 1,
    // Beside an embedding, the layers, norm and logits: scores, the threshold of the likeliest, and two that choose.
    dispatches: 1 + 2 * 7 + 1 + 4,
    submits: 1,
    writeBuffers: 0,
    bytesWritten: 0,
    bytesReadBack: 4,
  });
  for (const count of counts) expect(count).toEqual(counts[0]);
});

it.each([
  { bits: 4, block: 32, zeroPoints: true },
  { bits: 4, block: 64, zeroPoints: false },
  { bits: 8, block: 32, zeroPoints: true },
] as const)('decodes with weights of $bits bits in blocks of $block, zero points: $zeroPoints', async (how) => {
  // Rows of 96 are one and a half blocks of 64.
  const float = decoder({ ...config, layers: 1, hidden: 96, ffn: 64, fusion: { attention: 'ca' } }).build({
    dtype: 'f32',
  });
  const { program } = quantizeWeights(float, () => how);
  const drawn = [...program.params.values()].map(({ name, type }) => {
    const draw =
      type.dtype === 'u8' ? { below: 256 } : name.endsWith('_scales') ? { within: 2 ** -how.bits / 2 } : 'unit';
    return [name, drawTensor(type.dtype, type.shape.map(Number), draw, seededRandom(seedOf(name)))] as const;
  });
  const rows: Float32Array[] = [];
  for (const target of ['reference', 'webgpu'] as const) {
    const executor = await bench.open(target, compiledFor(target, program), new Map(drawn));
    const session = new Session(executor);
    for (const token of [3, 1, 4]) await session.read([token]);
    rows.push(session.nextLogits());
    await executor.dispose();
  }
  const [wanted = [], actual = []] = rows.map((row) => Array.from(row));
  const scale = Math.max(...wanted.map(Math.abs));
  for (const [i, value] of wanted.entries())
    expect(Math.abs(value - (actual[i] ?? Number.NaN))).toBeLessThan(2e-5 * scale);
});
