import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFromConfig } from '@casement/models';
import { decodeFloats, openCheckpoint } from '@casement/weights';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectedParams } from '../load/expectedParams.ts';
import { presets } from './presets.ts';
import { randomTensors } from './randomTensor.ts';
import { randomWeights } from './randomWeights.ts';
import { readModelConfig } from './readModelConfig.ts';
import { truncateConfig } from './truncateConfig.ts';

const config = {
  model_type: 'llama',
  vocab_size: 301,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  attention_bias: true,
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-random-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A checkpoint's tensors as numbers. */
async function read(folder: string): Promise<Map<string, { shape: readonly number[]; values: Float32Array }>> {
  const source = await openCheckpoint(folder);
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const name of source.names()) {
    const { dtype, shape } = source.info(name);
    if (dtype !== 'bf16' && dtype !== 'f16' && dtype !== 'f32') throw new Error(`${name} is ${dtype}`);
    tensors.set(name, { shape, values: decodeFloats(await source.read(name), dtype) });
  }
  await source.close();
  return tensors;
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}

describe('randomWeights', () => {
  test('writes what the model asks for, of a scale that keeps activations near 1', async () => {
    const out = join(dir, 'a/b');
    await randomWeights({ config, out });
    expect(await readModelConfig(join(out, 'config.json'))).toEqual(config);
    const tensors = await read(out);
    const expected = expectedParams(modelFromConfig(config).build({ dtype: 'f32' }));
    expect(new Map([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(
      new Map([...expected].map(([name, { shape }]) => [name, shape])),
    );
    for (const [name, { shape, values }] of tensors) {
      const { mean, deviation } = moments(values);
      const wanted = /norm/.test(name) ? 0 : shape.length === 1 ? 0.02 : 1 / Math.sqrt(shape[1] ?? 0);
      const noise = 5 / Math.sqrt(values.length); // five deviations of either estimate
      expect(Math.abs(mean - (/norm/.test(name) ? 1 : 0)), name).toBeLessThanOrEqual(wanted * noise);
      expect(Math.abs(deviation - wanted), name).toBeLessThanOrEqual(wanted * noise);
    }
  });

  test('gives the same bytes for a seed, and others for another', async () => {
    const bytes = async (name: string, seed?: number) => {
      await randomWeights({ config, out: join(dir, name), ...(seed === undefined ? {} : { seed }) });
      return readFile(join(dir, name, 'model.safetensors'));
    };
    const first = await bytes('first');
    expect(first.equals(await bytes('second', 0))).toBe(true);
    expect(first.equals(await bytes('third', 1))).toBe(false);
  });

  test('gives a truncated model the weights that the whole has, whatever they are stored as', async () => {
    await randomWeights({ config, out: join(dir, 'whole'), dtype: 'f32' });
    await randomWeights({ config: truncateConfig(config, 1), out: join(dir, 'short'), dtype: 'f16' });
    const [whole, short] = [await read(join(dir, 'whole')), await read(join(dir, 'short'))];
    expect(short.size).toBe(whole.size - 2 * 13);
    for (const [name, { values }] of short) {
      const others = whole.get(name)?.values ?? [];
      const rounded = (value: number, i: number) =>
        Math.abs(value - (others[i] ?? Number.NaN)) <= 2 ** -11 * Math.abs(value) + 2 ** -25;
      expect(values.every(rounded), name).toBe(true);
    }
  });

  test('makes no tensor a piece of another, and no row like the next', async () => {
    await randomWeights({ config, out: join(dir, 'a'), dtype: 'f32' });
    const tensors = await read(join(dir, 'a'));
    const matrices = [...tensors.values()].filter(({ shape }) => shape.length === 2);
    const scaled = matrices.map(({ shape, values }) => values.map((value) => value * Math.sqrt(shape[1] ?? 0)));
    const pairs = new Set(scaled.map((values) => `${values[0]?.toFixed(4)} ${values[1]?.toFixed(4)}`));
    expect(pairs.size).toBe(matrices.length);
    for (const values of scaled) {
      const products = values.map((value, i) => value * (values[i + 64] ?? 0));
      expect(Math.abs(moments(products).mean)).toBeLessThan(5 / Math.sqrt(values.length));
    }
  });

  test('is the same however long its chunks are', () => {
    const size = 2 ** 22 + 5; // one chunk and a bit
    const { stream } = randomTensors(3, 'f16')('x', [1, size]);
    const [first, second, ...more] = stream() as Iterable<Uint8Array>;
    expect([first?.length, second?.length, more.length]).toEqual([2 ** 23, 10, 0]);
    const { stream: shorter } = randomTensors(3, 'f16')('x', [1, 2 ** 22 + 3]);
    const [, tail] = shorter() as Iterable<Uint8Array>;
    expect(tail).toEqual(second?.subarray(0, 6));
    expect(second).not.toEqual(first?.subarray(0, 10));
  });

  test('refuses what no disk holds before it writes', async () => {
    const vast = { ...config, vocab_size: 2 ** 44 };
    await expect(randomWeights({ config: vast, out: join(dir, 'vast') })).rejects.toThrow(/of weights do not fit/);
    expect(await readdir(dir)).toEqual([]);
  });

  test('never touches a folder with something in it, nor leaves half a checkpoint', async () => {
    await mkdir(join(dir, 'full'));
    await writeFile(join(dir, 'full/model.safetensors'), 'precious');
    await expect(randomWeights({ config, out: join(dir, 'full') })).rejects.toThrow(/is not empty; choose another/);
    expect(await readFile(join(dir, 'full/model.safetensors'), 'utf8')).toBe('precious');
    const controller = new AbortController();
    const stopped = randomWeights({
      config,
      out: join(dir, 'x/y'),
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow(/^enough$/);
    expect(await readdir(dir)).toEqual(['full']);
  });
});

describe('the presets', () => {
  // Helium-1-2B, or Qwen2.5-VL-3B's text; q, k, v and o of a fusion layer per block; Qwen2.5-VL-3B's image encoder. The
  // hub says 3,754,622,976 of Qwen2.5-VL-3B.
  test.each([
    ['2B', 2_023_868_416 + 28 * 12_582_912 + 668_684_288],
    ['3B', 3_085_938_688 + 36 * (9_437_184 + 2560) + 668_684_288],
  ])('%s has as many weights as the released parts together', async (name, wanted) => {
    const params = expectedParams(modelFromConfig(await readModelConfig(name)).build({ dtype: 'f16' }));
    const count = [...params.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(count).toBe(wanted);
  });

  test('are named in the error about a folder that is not there', async () => {
    expect([...presets.keys()]).toEqual(['2B', '3B']);
    await expect(readModelConfig(join(dir, '7B'))).rejects.toThrow(/7B does not exist; .*: 2B, 3B$/);
  });
});
