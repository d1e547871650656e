import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { printProgram } from '@casement/ir';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../artifact/build.ts';
import { loadModel } from '../load/loadModel.ts';
import { importModel } from './importModel.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const fixture = (name: string) => join(root, 'test/fixtures', name);
const names = [
  'casa',
  'ca',
  'casa-before',
  'casa-replace-every-2',
  'casa-shared',
  'ca-update-images',
  'casa-helium-preview',
  'text-only',
  'qwen2_5-vl',
  'casa-qwen',
];

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-import-'));
  for (const name of names) await importModel({ checkpoint: fixture(name), out: join(dir, `${name}.ts`) });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The model of a file or a folder, as text without the places in sources. */
async function programText(model: string): Promise<string> {
  const { definition } = await loadModel(model);
  return printProgram(definition.build({ dtype: 'f16' })).replace(/ at ".*$/gm, '');
}

/** The hash of every file of the artifact that a model file makes with a fixture's weights. */
async function builtFiles(model: string, name: string): Promise<Record<string, string>> {
  const out = join(dir, 'artifact');
  await build({ model, checkpoint: fixture(name), out, targets: ['onnx', 'webgpu'], dtype: 'f16' });
  const hash = async (file: string) => createHash('sha256').update(await readFile(join(out, file)));
  const hashes = (await readdir(out)).map(async (file) => [file, (await hash(file)).digest('hex')] as const);
  return Object.fromEntries(await Promise.all(hashes));
}

describe('a written model file', () => {
  test.each(names)('%s is the model of the folder', async (name) => {
    expect(await programText(join(dir, `${name}.ts`))).toBe(await programText(fixture(name)));
  });

  test.each(['casa', 'casa-qwen'])('%s builds to the bytes of the folder', async (name) => {
    // Graphs name the lines that made them, and here Vite and jiti compile the sources differently: so both come
    // through jiti, the folder by a file that does what `build` does with a folder.
    const folder = join(dir, 'folder.ts');
    await writeFile(folder, "import { modelFromConfig } from 'casement';\nexport default modelFromConfig;\n");
    const files = await builtFiles(folder, name);
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['casement.json', 'model.safetensors', 'plan.json']));
    expect(await builtFiles(join(dir, `${name}.ts`), name)).toEqual(files);
  });

  test('has no type errors', async () => {
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
    const compilerOptions = { noEmit: true, lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'] };
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions,
      files: names.map((name) => `${name}.ts`),
    };
    await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(config));
    const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
    const tsc = [join(typescript, 'bin/tsc'), '-p', dir, '--pretty', 'false'];
    const { stdout } = await promisify(execFile)(process.execPath, tsc).catch((failed: { stdout: string }) => failed);
    expect(stdout).toBe('');
  });

  test('reads as if a person had written it', async () => {
    const text = await readFile(join(dir, 'casa-qwen.ts'), 'utf8');
    const withoutPaths = text.replace(
      /casement build .*/,
      'casement build model.ts --checkpoint FOLDER --out dist/model',
    );
    await expect(withoutPaths).toMatchFileSnapshot('../../golden/import/casa-qwen.ts');
  });
});

describe('what it refuses', () => {
  test('a file that exists, unless forced', async () => {
    const out = join(dir, 'mine.ts');
    await writeFile(out, '// mine');
    await expect(importModel({ checkpoint: fixture('casa'), out })).rejects.toThrow(/mine\.ts exists; .*--force/);
    expect(await readFile(out, 'utf8')).toBe('// mine');
    await importModel({ checkpoint: fixture('casa'), out, force: true });
    expect(await readFile(out, 'utf8')).toContain("fusion: { attention: 'casa', order: 'parallel' }");
  });

  test('a folder without a config, or with one that is not understood', async () => {
    await expect(importModel({ checkpoint: dir, out: join(dir, 'none.ts') })).rejects.toThrow(
      /cannot read .*config\.json/,
    );
    await writeFile(join(dir, 'config.json'), '{ "model_type": "casa_lama" }');
    await expect(importModel({ checkpoint: dir, out: join(dir, 'none.ts') })).rejects.toThrow(
      /did you mean "casa_llama"/,
    );
    expect(await readdir(dir)).not.toContain('none.ts');
  });
});
