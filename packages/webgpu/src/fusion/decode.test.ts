import type { WebGpuModel } from '@casement/runtime';
import { referenceExecutor } from '@casement/session/reference';
import { countGpu } from '@casement/session/webgpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileOnce } from '../../../../test/support/compileOnce.ts';
import { image, smallDecoder, tokens } from '../../../../test/support/smallDecoder.ts';
import { expectClose, loadProgram, softwareAdapter } from '../../test/dawn.ts';
import { loadDecoding } from '../../test/loadDecoding.ts';
import { packWeights } from '../../test/weights.ts';
import { lowerToWebGpu } from '../lowerToWebGpu.ts';
import { gpuProfile, gpuSubgroupsProfile, softwareProfile } from '../profile.ts';

let device: GPUDevice;
beforeAll(async () => {
  const adapter = await softwareAdapter();
  device = compileOnce(await adapter.requestDevice({ requiredFeatures: ['subgroups'] }));
});
afterAll(() => device.destroy());

const decoders = [
  { dtype: 'f32', heads: 4, kvHeads: 2, headDim: 8, attention: 'casa', layout: 'half' },
  { dtype: 'f32', heads: 6, kvHeads: 2, headDim: 12, attention: 'ca', layout: 'interleaved' },
  { dtype: 'f16', heads: 4, kvHeads: 1, headDim: 4, attention: 'casa', layout: 'interleaved' },
  { dtype: 'bf16', heads: 2, kvHeads: 2, headDim: 8, attention: 'casa', layout: 'half' },
] as const;
const TOLERANCE = { f32: 1e-5, f16: 1e-2, bf16: 0.15 };

describe.each(decoders)('a decoder of $dtype with $heads/$kvHeads heads of $headDim, $attention', (options) => {
  it('decodes like the reference between chunks and images', async () => {
    const calls = [
      ['step', tokens(5, 0)],
      ['step', tokens(1, 5)],
      ['openWindow', image(9, 6)],
      ...[6, 7, 8].map((at) => ['step', tokens(1, at)] as const),
    ] as const;
    const { program, params } = smallDecoder({ ...options, layers: 1 });
    await follow(await loadProgram(device, program, params), options, calls);
  });

  const classes = [softwareProfile, options.dtype === 'f32' ? gpuProfile : gpuSubgroupsProfile];
  it.each(classes)('decodes like the reference with kernels for $name', async (profile) => {
    const calls = [0, 1, 2, 3].map((at) => ['step', tokens(1, at)] as const);
    const { program, params } = smallDecoder({ ...options, layers: 1 });
    await follow(await loadDecoding(device, program, params, profile), options, calls);
  });
});

async function follow(
  model: WebGpuModel,
  options: (typeof decoders)[number],
  calls: readonly (readonly [string, ReturnType<typeof tokens>])[],
): Promise<void> {
  const { program, params } = smallDecoder({ ...options, layers: 1 });
  const reference = referenceExecutor(program, { param: (name) => params.get(name) ?? expect.fail(name) });
  for (const [entry, inputs] of calls) {
    const wanted = await reference.run(entry, inputs);
    const actual = await model.run(entry, inputs);
    for (const [name, tensor] of Object.entries(wanted)) expectClose(actual[name], tensor, TOLERANCE[options.dtype]);
  }
  await model.dispose();
}

/** Logits [1 n vocab] of the last token. */
function lastRow(data: ArrayLike<number>): Float32Array {
  return Float32Array.from(data).slice(-19);
}

function likeliest(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}

it('runs at most 5 dispatches for a text layer, 3 more for a fusion layer, and 6 for all of them', () => {
  const count = (layers: number) => {
    const { program, params } = smallDecoder({ layers });
    const { report } = lowerToWebGpu(program, { weights: packWeights('model.safetensors', params).locations });
    return report.entries.step?.special[0]?.dispatches ?? expect.fail('no list for decoding');
  };
  expect(count(3) - count(2)).toBeLessThanOrEqual(8);
  // Choosing a token takes two more.
  expect(count(2) - 2 * (count(3) - count(2)) + 2).toBeLessThanOrEqual(6);
});

it('chooses on the device the tokens that the host would, with the fewest calls', async () => {
  const { program, params } = smallDecoder({ layers: 2 });
  const counter = countGpu(device);
  const model = await loadProgram(device, program, params);
  const prompt = await model.run('step', tokens(4, 0));
  const logits = lastRow(prompt.logits?.data ?? []);
  const byHost: number[] = [];
  let newest = logits;
  for (let at = 4; at < 10; at++) {
    const token = likeliest(newest);
    byHost.push(token);
    const inputs = tokens(1, at);
    const given = { ...inputs, input_ids: { dtype: 'i32', shape: [1, 1], data: Int32Array.of(token) } } as const;
    newest = lastRow((await model.run('step', given)).logits?.data ?? []);
  }

  await model.reset();
  await model.run('step', tokens(4, 0));
  const decoding = (await model.decode('step', { logits, position: 4, choice: {} })) ?? expect.fail('no loop');
  const byDevice = [await decoding.next()];
  counter.take();
  const counts = [];
  for (let n = 0; n < 5; n++) {
    byDevice.push(await decoding.next());
    counts.push(counter.take());
  }
  expect(byDevice).toEqual(byHost);
  expect(model.lengths).toEqual(
    new Map([
      ['past', 10],
      ['window', 10],
    ]),
  );
  expect((await decoding.logits()).data).toEqual(newest);
  const [first] = counts;
  expect(first).toMatchObject({ submits: 1, computePasses: 1, writeBuffers: 0, bytesReadBack: 4, createBuffer: 0 });
  expect(first).toMatchObject({ createBindGroup: 0, createPipeline: 0 });
  for (const later of counts) expect(later).toEqual(first);

  await model.run('step', tokens(1, 10));
  await expect(decoding.next()).rejects.toThrow('something else has run');
  await model.dispose();
});

it('draws the same tokens for the same seed, from the k likeliest', async () => {
  const { program, params } = smallDecoder({ layers: 1 });
  const model = await loadProgram(device, program, params);
  const draw = async (logits: Float32Array, choice: object) => {
    await model.reset();
    await model.run('step', tokens(2, 0));
    const decoding = await model.decode('step', { logits, position: 2, choice });
    return [await decoding?.next(), await decoding?.next(), await decoding?.next()];
  };
  const logits = Float32Array.from({ length: 19 }, (_, i) => (i % 7) - 3 + i / 100);
  const [a, b, c] = [5, 5, 6].map((seed) => () => draw(logits, { temperature: 2, seed }));
  expect(await a?.()).toEqual(await b?.());
  expect(await a?.()).not.toEqual(await c?.());

  const [firsts, wanted] = [new Map<number, number>(), [13, 6]];
  for (let seed = 0; seed < 60; seed++) {
    const [first = -1] = await draw(logits, { temperature: 1, topK: 2, seed });
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  // Logits of 3.13 and 3.06: nearly even odds.
  expect([...firsts.keys()].sort()).toEqual(wanted);
  for (const count of firsts.values()) expect(count).toBeGreaterThan(15);

  const [again] = await draw(logits, { repetitionPenalty: 10, history: [13] });
  expect(again).toBe(6);
  await model.dispose();
});

describe('a loop that is not followed to its end', () => {
  const start = { logits: Float32Array.from({ length: 19 }, (_, i) => i), position: 2, choice: {} };

  async function decoding(on: GPUDevice) {
    const { program, params } = smallDecoder({ layers: 1 });
    const model = await loadProgram(on, program, params);
    await model.run('step', tokens(2, 0));
    return { model, loop: (await model.decode('step', start)) ?? expect.fail('no loop') };
  }

  it('leaves nothing behind when the model is disposed of, or another one begins', async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', hear);
    const { model } = await decoding(device);
    // As many as take the result buffers from those before.
    for (let n = 0; n < 5; n++) await model.decode('step', start);
    const loop = (await model.decode('step', start)) ?? expect.fail('no loop');
    expect(await loop.next()).toBe(18);
    await model.decode('step', start);
    await model.dispose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });

  it('names a lost device, while logits are read and when tokens are asked for after it', async () => {
    const own = await (await softwareAdapter()).requestDevice({ requiredFeatures: ['subgroups'] });
    const { model, loop } = await decoding(own);
    const [logits, token] = [loop.logits(), loop.next()];
    const lost = { code: 'device-lost' };
    const seen = Promise.all([expect(token).rejects.toMatchObject(lost), expect(logits).rejects.toMatchObject(lost)]);
    await Promise.resolve();
    own.destroy();
    await seen;
    await model.dispose();
  });

  it('ends where no logit is a number, and the states are as before', async () => {
    const { model } = await decoding(device);
    const none = { ...start, logits: new Float32Array(19).fill(Number.NaN) };
    const loop = (await model.decode('step', none)) ?? expect.fail('no loop');
    await expect(loop.next()).rejects.toThrow(RangeError);
    expect(model.lengths.get('past')).toBe(2);
    await expect(loop.next()).rejects.toThrow('the loop has ended');
    const again = (await model.decode('step', start)) ?? expect.fail('no loop');
    expect(await again.next()).toBe(18);
    expect(model.lengths.get('past')).toBe(3);
    await model.dispose();
  });

  it('refuses logits of several tokens', async () => {
    const { model } = await decoding(device);
    const several = { ...start, logits: new Float32Array(38) };
    await expect(model.decode('step', several)).rejects.toThrow('starts from 19 logits, those of one token; 38 were');
    await model.dispose();
  });
});
