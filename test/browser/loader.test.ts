import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LoadProgress } from '@casement/runtime';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { build as bundle, defaultClientConditions, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { build } from '../../packages/casement/src/artifact/build.ts';
import { type BrowserPage, openPage } from './open-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bytes = 1_072_936; // of the fixture's only shard

/** What a user of the loader writes, and wrappers that count what is alive on the GPU. */
const PAGE = `
import { clearCachedModels, listCachedModels } from '@casement/runtime';
import { load } from './artifact/index.js';

const tensor = (...data) => ({ dtype: 'i32', shape: [1, data.length], data: Int32Array.from(data) });
const inputs = {
  input_ids: tensor(3, 5),
  position_ids: tensor(0, 1),
  logits_to_keep: { dtype: 'i32', shape: [1], data: Int32Array.of(1) },
};

window.run = async () => {
  let progress;
  const model = await load({ onProgress: (now) => (progress = now) });
  const { logits } = await model.run('step', inputs);
  await model.dispose();
  const [cached] = await listCachedModels();
  return { logits: [...logits.data], progress, cachedBytes: cached?.bytes };
};

window.forget = () => clearCachedModels();

const alive = new Set();
let created = 0;
const { createBuffer } = GPUDevice.prototype;
const { destroy } = GPUBuffer.prototype;
GPUDevice.prototype.createBuffer = function (descriptor) {
  const buffer = createBuffer.call(this, descriptor);
  alive.add(buffer);
  created++;
  return buffer;
};
GPUBuffer.prototype.destroy = function () {
  alive.delete(this);
  destroy.call(this);
};
window.buffers = () => ({ alive: alive.size, created });
`;

interface Run {
  readonly logits: readonly number[];
  readonly progress: LoadProgress;
  readonly cachedBytes: number;
}

let dir: string;
let server: PreviewServer;
let browser: BrowserPage;

beforeAll(async () => {
  await mkdir(join(root, 'out'), { recursive: true });
  dir = await mkdtemp(join(root, 'out/page-')); // below the repository, where packages resolve to their sources
  await build({ model: join(root, 'test/fixtures/casa'), out: join(dir, 'artifact'), targets: ['webgpu'] });
  await writeFile(join(dir, 'main.js'), PAGE);
  await writeFile(join(dir, 'index.html'), '<!doctype html><script type="module" src="main.js"></script>');
  const conditions = ['@casement/source', ...defaultClientConditions];
  const config = { configFile: false, root: dir, logLevel: 'error', resolve: { conditions } } as const;
  await bundle({ ...config, build: { outDir: 'site' } });
  server = await preview({ ...config, build: { outDir: 'site' }, preview: { host: '127.0.0.1', port: 0 } });
  browser = await openPage();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(dir, { recursive: true, force: true });
});

const inPage = (code: string): Promise<unknown> => browser.page.evaluate(code);

it('serves a page that a bundler made, weights and kernels included', async () => {
  expect((await readdir(join(dir, 'site/assets'))).filter((file) => file.endsWith('.safetensors'))).toHaveLength(1);
  await browser.page.goto(server.resolvedUrls?.local[0] ?? '');
  const { logits, progress, cachedBytes } = (await inPage('run()')) as Run; // what PAGE returns
  const { load } = await import(/* @vite-ignore */ pathToFileURL(join(dir, 'artifact/index.js')).href);
  const model = await load({ adapter: await (await acquireNodeGpu({ adapter: 'software' })).requestAdapter() });
  const i32 = (shape: number[], ...data: number[]) => ({ dtype: 'i32', shape, data: Int32Array.from(data) });
  const inputs = { input_ids: i32([1, 2], 3, 5), position_ids: i32([1, 2], 0, 1), logits_to_keep: i32([1], 1) };
  const inNode = await model.run('step', inputs);
  await model.dispose();
  expect(logits).toEqual([...inNode.logits.data]);
  expect(progress.weights).toMatchObject({ cached: 0, loaded: progress.weights.total });
  expect(progress.kernels.loaded).toBe(progress.kernels.total);
  expect(progress.cacheProblem).toBeUndefined();
  expect(cachedBytes).toBe(bytes);
  expect(browser.complaints).toEqual([]);
});

it('keeps the weights for the next visit, until they are to be forgotten', async () => {
  const downloads: string[] = [];
  browser.page.on('request', (request) => {
    if (request.url().endsWith('.safetensors')) downloads.push(request.url());
  });
  await browser.page.reload();
  const kept = (await inPage('run()')) as Run; // what PAGE returns
  // Constants are no weights: they come over the network, if the bundler did not put them into the page.
  expect(kept.progress.weights.cached).toBeGreaterThan(bytes - 20_000);
  expect(downloads).toEqual([]);
  await inPage('forget()');
  let broken = 0;
  await browser.page.route('**/*.safetensors', (route) => {
    return broken++ === 0 ? route.abort('connectionreset') : route.continue();
  });
  const again = (await inPage('run()')) as Run; // what PAGE returns
  expect(again.progress.weights.cached).toBe(0);
  expect(again.logits).toEqual(kept.logits);
  expect([broken, downloads.length]).toEqual([2, 2]); // the connection broke, and was made again
});

it('leaves no buffer alive over rounds of load and dispose', async () => {
  for (let round = 0; round < 4; round++) await inPage('run()');
  const { alive, created } = (await inPage('buffers()')) as { alive: number; created: number }; // as PAGE returns
  expect(created).toBeGreaterThan(20);
  expect(alive).toBe(0);
});
