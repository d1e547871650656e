import { drawTensor, type Program, parseProgram, seededRandom, verifyProgram } from '@casement/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSampler } from '../../session/src/generation/sampler.ts';
import type { GenerationSettings } from '../../session/src/generation/settings.ts';
import { loadProgram, softwareDevice } from '../test/dawn.ts';
import { lowerToWebGpu } from './lowerToWebGpu.ts';
import { gpuProfile, portableProfile } from './profile.ts';

/** A decoder that is nothing but its interface: further inputs, and what becomes of the logits. */
function decoderOf(inputs: string, chooses: string, vocab = 5): Program {
  const program = parseProgram(`
program small
dim seq = 1 .. 4
dim kept = 0 .. 4
dim past = 0 .. 64
param @table : f32[${vocab} 8]
state $cache : f32[1 past 8] axis 1

entry step(%input_ids : i32[1 seq], %position_ids : i32[1 seq]${inputs}) {
  %x : f32[1 seq 8] = gather(@table, %input_ids) {axis=0}
  %grown : f32[1 past+seq 8] = append($cache, %x) {axis=1}
  ${chooses}
  keep $cache = %grown
  return logits = %logits
}
`);
  verifyProgram(program);
  return program;
}

function loopOf(inputs: string, chooses: string): unknown {
  const program = decoderOf(inputs, chooses);
  const file = { file: 'w', byteOffset: 0, byteLength: 160, dtype: 'f32' } as const;
  const { plan } = lowerToWebGpu(program, { weights: new Map([['table', file]]) });
  return plan.variants[0]?.entries.step?.special?.[0]?.loop;
}

describe('a decode loop', () => {
  it('is there where tokens and positions are all that is read', () => {
    expect(loopOf('', '%logits : f32[1 seq 5] = linear(%x, @table)')).toBeDefined();
  });

  it('is there where picking one of one position reads nothing', () => {
    const pick = '%k : f32[1 kept 8] = gather(%x, %keep) {axis=1}\n  %logits : f32[1 kept 5] = linear(%k, @table)';
    expect(loopOf(', %keep : i32[kept]', pick)).toBeDefined();
  });

  it('is not there where another input is read, which nobody would write', () => {
    const pick = '%k : f32[1 seq 8] = gather(@table, %styles) {axis=0}\n  %s : f32[1 seq 8] = add(%x, %k)';
    expect(loopOf(', %styles : i32[1 seq]', `${pick}\n  %logits : f32[1 seq 5] = linear(%s, @table)`)).toBeUndefined();
  });
});

/** More than one block of either class of devices. */
const VOCAB = 2100;

const stopTokens = [3, 8, 100_000];
const FEW = new Map([
  [8, 9],
  [11, 9],
  [12, 9],
]);
type Case = [string, Partial<GenerationSettings>];
const NO_PAIR: Case = ['no run of two again', { logitBias: FEW, noRepeat: { size: 2, window: 7 } }];
const PENALTIES: Case[] = [
  ['not read before', { repetitionPenalty: 1.3 }],
  ['not said before', { presencePenalty: 0.1, frequencyPenalty: 0.02 }],
  ['not said lately', { logitBias: FEW, emaPenalty: { penalty: 1.1, decay: 0.8, maxCount: 2 } }],
  ['but stop tokens', { emaPenalty: { penalty: 1.05, decay: 0.8, maxCount: 2 }, stopTokens }],
  ['biased', { logitBias: new Map([...FEW, [12, 13]]), stopTokens: [12], stopBias: 0.5 }],
  NO_PAIR,
  ['no run of three but with stop tokens', { logitBias: FEW, noRepeat: { size: 3, window: 9 }, stopTokens }],
];
const DRAWS: Case[] = [
  ['likeliest', {}],
  ['drawn', { temperature: 0.7, seed: -3 }],
  ['drawn from p', { temperature: 0.3, topP: 0.8 }],
  ['drawn from k', { temperature: 1.5, topK: 40, seed: 2 ** 40 + 1 }],
];
const BOTH: Case = [
  'drawn from p of k, with penalties',
  Object.assign({ temperature: 1, topK: 300, topP: 0.3 }, ...PENALTIES.map(([, settings]) => settings)),
];

// Kernels for GPUs are slow on a CPU, so few of them are tried.
describe.each([
  { profile: portableProfile, cases: [...DRAWS, ...PENALTIES, BOTH], count: 20 },
  { profile: gpuProfile, cases: [BOTH, NO_PAIR], count: 8 },
])('a choice with kernels for $profile.name', ({ profile, cases, count }) => {
  let device: GPUDevice;
  let model: Awaited<ReturnType<typeof loadProgram>>;
  beforeAll(async () => {
    device = await softwareDevice();
    const program = decoderOf('', `%logits : f32[1 seq ${VOCAB}] = linear(%x, @table)`, VOCAB);
    const table = drawTensor('f32', [VOCAB, 8], 'unit', seededRandom(5));
    model = await loadProgram(device, program, new Map([['table', table]]), { profile });
  });
  afterAll(async () => {
    await model.dispose();
    device.destroy();
  });

  const read = async (token: number, at: number) => {
    const one = (value: number) => ({ dtype: 'i32', shape: [1, 1], data: Int32Array.of(value) }) as const;
    const { logits } = await model.run('step', { input_ids: one(token), position_ids: one(at) });
    return Float32Array.from(logits?.data ?? []);
  };
  const open = async (settings: Partial<GenerationSettings>) => {
    await model.reset();
    const sampler = createSampler(settings);
    sampler.read([7, 3]);
    await read(7, 0);
    return { sampler, logits: await read(3, 1) };
  };
  const byHost = async (settings: Partial<GenerationSettings>) => {
    const { sampler, logits } = await open(settings);
    const chosen: number[] = [];
    for (let [at, row] = [2, logits]; chosen.length < count; at++) {
      const token = sampler.choose(row);
      chosen.push(token);
      sampler.wrote(token);
      row = await read(token, at);
    }
    return chosen;
  };
  const byDevice = async (settings: Partial<GenerationSettings>) => {
    const { sampler, logits } = await open(settings);
    const decoding = await model.decode('step', { logits, position: 2, choice: sampler.choice });
    const chosen: number[] = [];
    while (chosen.length < count) chosen.push((await decoding?.next()) ?? expect.fail('no loop'));
    return chosen;
  };

  it.each(cases)('is that of the host: %s', async (_, settings) => {
    expect(await byDevice(settings)).toEqual(await byHost(settings));
  });

  it('is declined where the device does not look back far enough', () => {
    const noRepeat = { size: 4, window: 2000, newest: [], banned: [] };
    expect(model.whyNotDecode('step', { noRepeat })).toMatchInlineSnapshot(
      `"noRepeat.window is 2000: the device looks back on at most 1024 tokens"`,
    );
    expect(model.whyNotDecode('step', { temperature: 1 })).toBeUndefined();
  });

  it.each([
    [{ repetitionPenalty: 2, history: [2100] }, 'token 2100 of the history is not in'],
    [{ logitBias: new Map([[-1, 2]]) }, 'token -1 of logitBias is not in'],
  ])('names a token that the model does not have: %j', async (choice, problem) => {
    const logits = new Float32Array(VOCAB);
    await expect(model.decode('step', { logits, position: 0, choice })).rejects.toThrow(problem);
  });
});
