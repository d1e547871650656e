import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../artifact/build.ts';
import { benchArtifact } from './benchArtifact.ts';
import { formatBench } from './formatBench.ts';
import { spreadOf } from './spreadOf.ts';

const fixture = join(import.meta.dirname, '../../../../test/fixtures/casa');
const options = { context: 12, tokens: 4, prompt: 9, repeats: 2 };
let out: string;

beforeAll(async () => {
  out = join(await mkdtemp(join(tmpdir(), 'bench-')), 'artifact');
  await build({ model: fixture, out, targets: ['onnx', 'webgpu'], dtype: 'f32' });
});

afterAll(() => rm(join(out, '..'), { recursive: true }));

test('counts what a token asks of WebGPU', async () => {
  const report = await benchArtifact(out, { ...options, target: 'webgpu', variant: 'portable' });
  expect(report).toMatchObject({
    target: 'webgpu',
    variant: { name: 'portable', reason: 'it was asked for' },
    prefill: { runs: 2 },
    image: { runs: 2 },
    decode: { runs: 4 },
    perToken: { createBuffer: 0, createBindGroup: 0, createPipeline: 0, submits: 1, computePasses: 1 },
  });
  expect(report.perToken?.dispatches).toSatisfy(Number.isInteger);
  expect(report.perToken?.bytesReadBack).toBeGreaterThan(0);
  expect(
    formatBench(report)
      .split('\n')
      .map((line) => line.split(/ {2,}/)[0]),
  ).toEqual(
    expect.arrayContaining(['load', 'prefill, 9 tokens', 'decode after 12 tokens', 'calls for each decoded token:']),
  );
});

test('times ONNX Runtime without counting', async () => {
  const report = await benchArtifact(out, { ...options, target: 'onnx' });
  expect(report).toMatchObject({ target: 'onnx', decode: { runs: 4 } });
  expect(report.perToken).toBeUndefined();
  expect(report.notMeasured).toEqual([
    { what: 'encode', why: 'the model sees no pixels: it has no encodeImage' },
    { what: 'calls and device memory', why: 'they are counted on WebGPU only' },
  ]);
});

test('shows pictures to a model that inserts them, and says what a model of text leaves out', async () => {
  const benchOf = async (name: string) => {
    const artifact = join(out, '..', name);
    await build({ model: join(fixture, '..', name), out: artifact, targets: ['onnx'], dtype: 'f32' });
    return benchArtifact(artifact, { ...options, target: 'onnx' });
  };
  const insertion = await benchOf('qwen2_5-vl');
  expect(insertion).toMatchObject({ encode: { runs: 2 }, image: { runs: 2 } });
  expect(insertion.encode?.patches).toBeGreaterThan(0);
  expect(formatBench(insertion)).toMatch(/^image, \d+ tokens, and a token after it .*images\/s$/m);
  expect(
    formatBench(await benchOf('text-only'))
      .split('\n')
      .slice(-3),
  ).toEqual([
    'not measured: image: the model takes no images: it has no openWindow or insertImage',
    'not measured: encode: the model sees no pixels: it has no encodeImage',
    'not measured: calls and device memory: they are counted on WebGPU only',
  ]);
});

test('refuses a context that does not fit', async () => {
  const run = benchArtifact(out, { ...options, target: 'onnx', context: 1_000_000 });
  await expect(run).rejects.toThrow(
    /1000000 tokens of context and 4 more, after 3 to warm up, exceed the text cache, \d+ positions/,
  );
  const long = benchArtifact(out, { ...options, target: 'onnx', prompt: 1_000_000 });
  await expect(long).rejects.toThrow(/a prompt of 1000000 tokens exceeds the text cache, \d+ positions/);
});

test('quartiles lie between the nearest times', () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ runs: 4, medianMs: 2.5, quartilesMs: [1.75, 3.25] });
});
