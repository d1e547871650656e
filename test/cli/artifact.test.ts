import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFromConfig } from '@casement/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensors, writeTensors, writeZeros } from '../support/safetensors.ts';
import { casement, REPOSITORY } from './casement.ts';

const fixture = join(REPOSITORY, 'test/fixtures/casa-before');
let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'cli-'));
});
afterAll(() => rm(cwd, { recursive: true }));

const at = (...path: string[]) => join(cwd, ...path);

/** Names and contents of a folder. */
function fingerprint(folder: string): string {
  const files = readdirSync(folder).sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex');
}

describe('build and run', () => {
  it('gives the tokens of PyTorch on both targets', async () => {
    const built = await casement(cwd, ['build', fixture, '--target', 'all', '--out', 'artifact']);
    expect(built).toMatchObject({ status: 0, stderr: '' });
    expect(built.stdout).toMatch(/^artifact: onnx and webgpu, f32, [\d.]+ MiB of weights in 1 file\n$/);
    expect(await readdir(cwd)).toEqual(['artifact']);
    const golden = join(fixture, 'golden.safetensors');
    const { greedy } = await readTensors(golden);
    const expected = [...new Int32Array(greedy?.bytes.slice().buffer ?? new ArrayBuffer())].join(' ');
    for (const target of ['onnx', 'webgpu']) {
      const run = await casement(cwd, ['run', 'artifact', '--input', golden, '--target', target, '--tokens', '8']);
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(run.stdout.trim()).toBe(expected);
    }
  });

  it('builds the same files again', async () => {
    await casement(cwd, ['build', fixture, '--target', 'all', '--out', 'again']);
    expect(fingerprint(at('again'))).toBe(fingerprint(at('artifact')));
  });
});

describe('verify', () => {
  it('passes a right model', async () => {
    const golden = join(fixture, 'golden.safetensors');
    const { status, stdout, stderr } = await casement(cwd, ['verify', fixture, '--golden', golden]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('All targets agree with the golden.');
    expect(stdout.match(/ passed$/gm)).toHaveLength(3);
  });

  it('fails with logits that PyTorch did not compute, and blames no value', async () => {
    const { logits, ...rest } = await readTensors(join(fixture, 'golden.safetensors'));
    if (!logits) throw new Error('the golden has no logits');
    const values = new Float32Array(logits.bytes.slice().buffer);
    values[700] = (values[700] ?? 0) + 1e-3;
    const changed = { ...logits, bytes: new Uint8Array(values.buffer) };
    writeTensors(at('changed.safetensors'), { ...rest, logits: changed });
    const { status, stdout } = await casement(cwd, ['verify', fixture, '--golden', 'changed.safetensors']);
    expect(status).toBe(1);
    expect(stdout.match(/ FAILED$/gm)).toHaveLength(3);
    for (const target of ['onnx', 'webgpu']) {
      expect(stdout).toContain(`${target} departs from the golden, but no single value departs from the reference.`);
    }
    expect(stdout).toMatch(/Some targets do not agree with the golden\.\n$/);
  });

  it('fails with a weight that is not the one PyTorch had', async () => {
    await cp(fixture, at('corrupt'), { recursive: true });
    const tensors = await readTensors(join(fixture, 'model.safetensors'));
    const name = 'model.layers.2.mlp.up_proj.weight';
    const weight = tensors[name];
    if (!weight) throw new Error(`the fixture has no ${name}`);
    const values = new Float32Array(weight.bytes.slice().buffer).fill(0.5, 0, 3);
    const bytes = new Uint8Array(values.buffer);
    writeTensors(at('corrupt', 'model.safetensors'), { ...tensors, [name]: { ...weight, bytes } });
    const args = ['verify', 'corrupt', '--golden', 'corrupt/golden.safetensors', '--json'];
    const { status, stdout } = await casement(cwd, args);
    const { passed, targets } = JSON.parse(stdout);
    expect({ status, passed }).toEqual({ status: 1, passed: false });
    // All alike: it is not a target that is wrong.
    for (const { chunked } of targets) expect(chunked.maxAbsolute).toBeCloseTo(targets[0].chunked.maxAbsolute, 4);
    expect(targets.map(({ target }: { target: string }) => target)).toEqual(['reference', 'onnx', 'webgpu']);
  });
});

describe('Ctrl-C', () => {
  beforeAll(async () => {
    await mkdir(at('large'));
    // More than WebGPU could bind, so only for ONNX: enough bytes that writing them takes a while.
    const config = { ...JSON.parse(readFileSync(join(fixture, 'config.json'), 'utf8')), vocab_size: 600_000 };
    await writeFile(at('large', 'config.json'), JSON.stringify(config));
    const { params } = modelFromConfig(config).build({ dtype: 'f32' });
    const shapes = [...params.values()].map(({ name, type }) => [name, type.shape.map(Number)] as const);
    await writeZeros(at('large', 'model.safetensors'), new Map(shapes));
  });

  const staged = () => readdirSync(cwd).some((name) => name.startsWith('.'));

  it('in the middle of a build leaves nothing', async () => {
    const before = await readdir(cwd);
    const outcome = await casement(cwd, ['build', 'large', '--target', 'onnx', '--out', 'interrupted'], staged);
    expect(outcome).toEqual({ status: 1, stdout: '', stderr: 'error: interrupted; nothing was left behind\n' });
    expect(await readdir(cwd)).toEqual(before);
  });

  it('in the middle of building anew leaves the artifact that was there', async () => {
    const before = [fingerprint(at('artifact')), await readdir(cwd)];
    const outcome = await casement(cwd, ['build', 'large', '--target', 'onnx', '--out', 'artifact'], staged);
    expect(outcome).toMatchObject({ status: 1, stderr: 'error: interrupted; nothing was left behind\n' });
    expect([fingerprint(at('artifact')), await readdir(cwd)]).toEqual(before);
  });
});
