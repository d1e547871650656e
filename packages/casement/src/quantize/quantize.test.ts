import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../artifact/build.ts';
import { formatVerification } from '../verify/formatVerification.ts';
import { verify } from '../verify/verify.ts';
import { readBuildDType } from './buildDType.ts';
import { formatQuantization, QUANTIZATION_FILE } from './report.ts';

const root = join(import.meta.dirname, '../../../..');
const fixture = (name: string) => join(root, 'test/fixtures', name);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-quantize-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The example's model with settings of its own. */
async function modelFile(name: string, settings: string): Promise<string> {
  const path = join(dir, name);
  const model = await readFile(join(root, 'examples/casa/model.ts'), 'utf8');
  await writeFile(path, `${model}\nexport const quantization = ${settings};\n`);
  return path;
}

const checkpoint = join(root, 'examples/casa/checkpoint');

describe('targets agree with the reference on dequantised weights', () => {
  // A model with biases and a vision encoder, one of text, a tied one; sizes that fill no block.
  const cases = [
    ['casa-qwen', ['onnx', 'webgpu'], { dtype: 'q4f32' }],
    ['text-only', ['onnx', 'webgpu'], { dtype: 'q8f32', zeroPoints: true }],
    ['casa-helium-preview', ['onnx'], { dtype: 'q4f32', zeroPoints: true, profile: 'onnx' }],
    ['text-only', ['webgpu'], { dtype: 'q4f16', zeroPoints: true }],
  ] as const;

  test.each(cases)('%s on %s, %o', { timeout: 60_000 }, async (name, targets, options) => {
    const golden = join(fixture(name), 'golden.safetensors');
    const report = await verify({ model: fixture(name), golden, targets, ...options });
    if (report.kind !== 'conversation') throw new Error('a fixture is a conversation');
    const allowed = options.dtype === 'q4f16' ? 2e-2 : 1e-4;
    expect(report.targets.map(({ tolerance, passed }) => [tolerance, passed])).toEqual(
      targets.map(() => [allowed, true]),
    );
    // Not the model as it was, but one near it.
    expect(report.effect?.logits?.maxAbsolute).toBeGreaterThan(1e-3);
    expect(report.effect?.passed).toBe(true);
    expect(report.passed).toBe(true);
    expect(formatVerification(report)).toContain('All targets agree with the reference.');
  });

  test('fails when told how far from the golden the result may be', async () => {
    const golden = join(fixture('text-only'), 'golden.safetensors');
    const report = await verify({ model: fixture('text-only'), golden, dtype: 'q4f32', goldenTolerance: 1e-3 });
    expect(report.passed).toBe(false);
    const text = formatVerification(report);
    expect(text).toContain('allowed 1.0e-3, FAILED');
    // The reference is what they are compared with, not one of them.
    expect(report.targets.map(({ target, passed }) => [target, passed])).toEqual([
      ['onnx', true],
      ['webgpu', true],
    ]);
    expect(text.match(/^(expected|golden|reference|onnx|webgpu)(?= +\d+ \d)/gm)).toEqual([
      'expected',
      'onnx',
      'webgpu',
    ]);
  });
});

test('a model file overrides bits, in a build whose report tells the error of each weight', async () => {
  const settings = "{ block: 16, overrides: { lm_head: 8, 'model.layers.*.o_proj': 8, 'model.layers.0': 'none' } }";
  const model = await modelFile('overrides.ts', settings);
  const out = join(dir, 'overrides');
  const { errors, notes, program, manifest } = await build({
    model,
    checkpoint,
    out,
    targets: ['onnx', 'webgpu'],
    dtype: 'q4f16',
  });
  expect(notes).toEqual([]);
  const bits = Object.fromEntries(errors.map((error) => [error.name, error.bits]));
  expect(bits['lm_head.weight']).toBe(8);
  expect(bits['model.embed_tokens.weight']).toBe(4);
  expect(bits['model.layers.1.self_attn.o_proj.weight']).toBe(8);
  expect(bits['model.layers.1.self_attn.q_proj.weight']).toBe(4);
  expect(Object.keys(bits).filter((name) => name.startsWith('model.layers.0.'))).toEqual([]);
  expect(errors.every(({ block }) => block === 16)).toBe(true);
  expect(program.params.has('model.layers.0.self_attn.q_proj.weight')).toBe(true);
  for (const { bits, relativeRms } of errors) expect(relativeRms).toBeLessThan(bits === 4 ? 0.1 : 0.008);
  expect(JSON.parse(await readFile(join(out, QUANTIZATION_FILE), 'utf8'))).toEqual({ weights: errors });
  expect(formatQuantization(errors, notes).join('\n')).toMatch(
    /^quantised 28 weights in 4 bits in blocks of 16, 7 weights in 8 bits in blocks of 16\n/,
  );

  // Weights are kept only by a build that wants them in the same form.
  const again = await build({ model, checkpoint, out, targets: ['onnx'], dtype: 'q4f16' });
  expect({ kept: again.keptWeights, errors: again.errors }).toEqual({ kept: true, errors });
  const other = await build({ model, checkpoint, out, targets: ['onnx'], dtype: 'q4f16', zeroPoints: true });
  expect(other.keptWeights).toBe(false);
  const plain = await build({ model, checkpoint, out, targets: ['onnx'], dtype: 'f16' });
  expect(plain.manifest.weights.bytes).toBeGreaterThan(manifest.weights.bytes);
  await expect(stat(join(out, QUANTIZATION_FILE))).rejects.toThrow('ENOENT');
});

describe('errors', () => {
  test.each([
    ['a typing error in a name', "{ overrides: { 'model.layers.0.self_attn.q_porj': 8 } }"],
    ['a param that is no matrix', "{ overrides: { 'model.norm': 'none' } }"],
    ['a number of bits', '{ overrides: { lm_head: 5 } }'],
    ['a block', '{ block: 24 }'],
    ['a key', '{ bits: 4 }'],
    ['no object', '4'],
  ])('%s', async (_, settings) => {
    const model = await modelFile('wrong.ts', settings);
    const made = build({ model, checkpoint, out: join(dir, 'wrong'), targets: ['onnx'], dtype: 'q4f32' });
    const message = await made.then(
      () => expect.fail('no error'),
      (error: Error) => `${error.name}: ${error.message}`,
    );
    expect(message.replace(dir, '')).toMatchSnapshot();
  });

  test('a dtype, and zero points of nothing', async () => {
    expect(() => readBuildDType('q5f16')).toThrowErrorMatchingInlineSnapshot(
      `[UserError: "q5f16" is no dtype of a build; choose f32, f16, bf16, q4f32, q4f16, q8f32, q8f16]`,
    );
    for (const dtype of ['q4i32', 'q4bf16', 'q8bf16', 'q4', '']) {
      expect(() => readBuildDType(dtype)).toThrow(`"${dtype}" is no dtype of a build`);
    }
    expect(readBuildDType('bf16')).toEqual({ float: 'bf16', bits: undefined });
    const made = build({
      model: fixture('text-only'),
      out: join(dir, 'no'),
      targets: ['onnx'],
      dtype: 'f16',
      zeroPoints: true,
    });
    await expect(made).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: zero points go with quantised weights (q4f16, q8f32, …), not with f16]`,
    );
  });
});
