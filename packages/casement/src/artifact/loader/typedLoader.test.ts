import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Manifest } from '@casement/runtime';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../build.ts';
import { typedLoader } from './typedLoader.ts';

const root = fileURLToPath(new URL('../../../../..', import.meta.url));
/** Below the repository, so that the loader finds the runtime's sources. */
let dir: string;

beforeAll(async () => {
  await mkdir(join(root, 'out'), { recursive: true });
  dir = await mkdtemp(join(root, 'out/loader-'));
  await build({ model: join(root, 'test/fixtures/casa'), out: join(dir, 'artifact'), targets: ['webgpu'] });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What TypeScript says of a module beside the artifact, line by line. */
async function check(code: string): Promise<string> {
  await writeFile(join(dir, 'user.ts'), code);
  const options = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { noEmit: true, types: ['node', '@webgpu/types'], lib: ['es2023', 'dom'], skipLibCheck: false },
    files: ['user.ts'],
  };
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(options));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const result = await promisify(execFile)(process.execPath, [tsc, '-p', dir, '--pretty', 'false'], { cwd: dir }).catch(
    (error: { stdout: string }) => error,
  );
  return result.stdout;
}

describe('the typed loader of an artifact', () => {
  it('runs in Node', async () => {
    const { load, manifest, files } = await import(
      /* @vite-ignore */ pathToFileURL(join(dir, 'artifact/index.js')).href
    );
    const gpu = await acquireNodeGpu({ adapter: 'software' });
    const model = await load({ adapter: await gpu.requestAdapter() });
    const { logits } = await model.run('step', {
      input_ids: { dtype: 'i32', shape: [1, 2], data: Int32Array.of(3, 5) },
      position_ids: { dtype: 'i32', shape: [1, 2], data: Int32Array.of(0, 1) },
      logits_to_keep: { dtype: 'i32', shape: [1], data: Int32Array.of(1) },
    });
    expect(logits.shape).toEqual([1, 1, 256]);
    expect(model.lengths.get('past')).toBe(2);
    await model.dispose();
    expect(manifest).toEqual(JSON.parse(await readFile(join(dir, 'artifact/casement.json'), 'utf8')));
    expect(files['model.safetensors']).toBe(pathToFileURL(join(dir, 'artifact/model.safetensors')).href);
  });

  it('says where there is no WebGPU', async () => {
    const { load } = await import(/* @vite-ignore */ pathToFileURL(join(dir, 'artifact/index.js')).href);
    await expect(load()).rejects.toMatchObject({ code: 'device', message: expect.stringContaining('in Node give an') });
  });

  it('knows entries, inputs, outputs and states, and refuses others while one writes', async () => {
    const right = `
      const { logits } = await model.run('step', { input_ids: ids, position_ids: ids, logits_to_keep: kept });
      logits.data satisfies Float32Array;
      logits.shape satisfies readonly [1, number, 256];
      const some = await model.run('step', all, { outputs: ['logits'] });
      some.logits.dtype satisfies 'f32';
      await model.reset('window');
      model.lengths.get('past');`;
    const wrong = {
      "await model.run('stop', {});": /'"stop"' is not assignable/,
      "await model.run('step', { inputIds: ids, position_ids: ids, logits_to_keep: kept });":
        /'inputIds' does not exist/,
      "await model.run('step', { input_ids: ids, logits_to_keep: kept });": /'position_ids' is missing/,
      "await model.run('step', { ...all, input_ids: { ...ids, dtype: 'f32' } });": /'"f32"' is not assignable/,
      "await model.run('step', { ...all, input_ids: kept });":
        /is not assignable to type 'Tensor<"i32", \[1, seq: number\]>/,
      "await model.run('step', all, { outputs: ['logit'] });": /"logit"' is not assignable to type '"logits"'/,
      'logits.data satisfies Int32Array;': /does not satisfy the expected type 'Int32Array/,
      "await model.reset('windows');": /"windows"' is not assignable/,
      "await load({ cache: 'always' });": /"always"' is not assignable/,
    };
    const head = `
      import { load } from './artifact/index.js';
      const model = await load({ cache: 'none' });
      const ids = { dtype: 'i32', shape: [1, 2], data: Int32Array.of(3, 5) } as const;
      const kept = { dtype: 'i32', shape: [1], data: Int32Array.of(1) } as const;
      const all = { input_ids: ids, position_ids: ids, logits_to_keep: kept };${right}`;
    const lines = Object.keys(wrong);
    const found = await check([head, ...lines].join('\n'));
    const errors = [...found.matchAll(/^user\.ts\((\d+),\d+\): error (.*(\n .*)*)$/gm)];
    const first = head.split('\n').length + 1;
    expect(errors.map(([, line]) => Number(line) - first)).toEqual(lines.map((_, i) => i));
    for (const [i, pattern] of Object.values(wrong).entries()) expect(errors[i]?.[2]).toMatch(pattern);
  });
});

it('quotes what is no identifier', () => {
  const tensor = (name: string) => ({ name, dtype: 'f32' as const, shape: ['h*w/4', 'wide', 3] });
  const manifest: Manifest = {
    format: 'casement/1',
    name: 'odd',
    dtype: 'f32',
    dims: {},
    entries: { "it's": { inputs: [tensor('past.key')], outputs: [], lengths: {} } },
    states: [],
    weights: { bytes: 0, shards: [] },
    targets: {},
  };
  const loader = typedLoader(manifest, ['a\'b"c.wgsl']);
  expect(loader['index.d.ts'].split('\n').slice(3, 18).join('\n')).toMatchInlineSnapshot(`
    "/** What the entries of \`odd\` take and give. */
    export interface Entries {
      'it\\'s': {
        inputs: {
          /** \`f32[h*w/4 wide 3]\` */
          'past.key': Tensor<'f32', [number, wide: number, 3]>;
        };
        outputs: Record<never, never>;
      };
    }

    /** Dims that count what the states hold. */
    export type Counter = never;

    export type Model = TypedModel<Entries, Counter>;"
  `);
  expect(loader['index.js']).toContain(`'a\\'b"c.wgsl': new URL('./a\\'b"c.wgsl', import.meta.url).href,`);
});
