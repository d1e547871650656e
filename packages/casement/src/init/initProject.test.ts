import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verify } from '../verify/verify.ts';
import { initProject } from './initProject.ts';

const root = join(import.meta.dirname, '../../../..');
const fixture = join(root, 'test/fixtures/casa-qwen');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-init-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const read = (file: string) => readFile(join(dir, file), 'utf8');

test('a project of its own has weights, a tokenizer and no blanks, and its model verifies', async () => {
  const { name, weights } = await initProject({ dir: join(dir, 'my-model') });
  expect(name).toBe('my-model');
  expect(weights.complete).toBe(true);
  expect((await readdir(join(dir, 'my-model'), { recursive: true })).sort()).toMatchSnapshot();
  for (const file of ['package.json', 'README.md', 'model.test.ts', 'start.js']) {
    expect(await read(`my-model/${file}`)).not.toContain('{{');
  }
  const [model, checkpoint] = [join(dir, 'my-model/model.ts'), join(dir, 'my-model/checkpoint')];
  expect(await verify({ model, checkpoint, targets: ['onnx'] })).toMatchObject({ images: 2, passed: true });
});

test('a project from a checkpoint refers to it, also when its path has spaces', async () => {
  const checkpoint = join(dir, 'my weights');
  await mkdir(checkpoint);
  for (const file of ['config.json', 'model.safetensors']) {
    await writeFile(join(checkpoint, file), await readFile(join(fixture, file)));
  }
  const { weights } = await initProject({ dir: join(dir, 'project'), from: checkpoint });
  expect(weights.complete).toBe(true);
  expect(JSON.parse(await read('project/package.json'))).toMatchObject({
    name: 'project',
    scripts: { build: 'casement build model.ts --checkpoint "../my weights" --out dist/model' },
  });
  expect(await read('project/model.test.ts')).toContain("const checkpoint = '../my weights';");
  expect(await readdir(join(dir, 'project'))).not.toContain('checkpoint');
});

test('versions are those that Casement itself is built and tested with', async () => {
  const manifest = async (file: string) => JSON.parse(await readFile(join(root, file), 'utf8'));
  const [own, template] = [
    await manifest('package.json'),
    await manifest('packages/casement/templates/project/package.json'),
  ];
  for (const [name, version] of Object.entries(template.devDependencies)) {
    expect([name, version]).toEqual([name, own.devDependencies[name]]);
  }
});

describe('leaves nothing behind when it refuses', () => {
  test.each([
    ['My Model', {}],
    ['.hidden', {}],
    ['vitest', {}],
    ['no-checkpoint', { from: 'nowhere' }],
    ['no-weights', { from: join(root, 'examples/chat') }],
    ['no-config', { from: join(root, 'docs') }],
  ])('%s', async (name, options) => {
    const problem = await initProject({ dir: join(dir, name), ...options }).catch((error: Error) => error.message);
    expect(String(problem).replaceAll(root, '…').replaceAll(dir, '…')).toMatchSnapshot();
    expect(await readdir(dir)).toEqual([]);
  });

  test('a folder that holds something', async () => {
    await writeFile(join(dir, 'notes.txt'), 'mine');
    await expect(initProject({ dir })).rejects.toThrow();
    await mkdir(join(dir, 'full'));
    await writeFile(join(dir, 'full/notes.txt'), 'mine');
    await expect(initProject({ dir: join(dir, 'full') })).rejects.toThrow(
      /is not empty \(it holds notes.txt\); choose/,
    );
    await expect(initProject({ dir: join(dir, 'notes.txt') })).rejects.toThrow(/is no folder/);
    expect(await readdir(join(dir, 'full'))).toEqual(['notes.txt']);
  });

  test('an interruption', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(initProject({ dir: join(dir, 'gone'), signal })).rejects.toThrow('stop');
    expect(await readdir(dir)).toEqual([]);
  });
});
