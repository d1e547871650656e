import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, generate, openModel } from 'casement';
import { build as bundle, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BrowserPage, openPage } from '../../test/browser/open-page.ts';

const casa = join(import.meta.dirname, '../casa');
let dir: string;
let server: PreviewServer;
let browser: BrowserPage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-browser-vite-'));
  const artifact = join(dir, 'site/model');
  const site = {
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: { outDir: join(dir, 'site') },
  } as const;
  await bundle(site);
  const checkpoint = join(casa, 'checkpoint');
  await build({ model: join(casa, 'model.ts'), checkpoint, out: artifact, targets: ['onnx', 'webgpu'] });
  server = await preview({ ...site, preview: { host: '127.0.0.1', port: 0 } });
  browser = await openPage();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(dir, { recursive: true, force: true });
});

test('shows the tokens that ONNX Runtime gives', async () => {
  const { page } = browser;
  await page.addInitScript(`
    window.shown = [];
    const note = () => window.shown.push(document.getElementById('status')?.textContent);
    new MutationObserver(note).observe(document, { subtree: true, childList: true });
  `);
  await page.goto(server.resolvedUrls?.local[0] ?? '');
  await page.getByText('casa-example on').waitFor();
  expect(await page.locator('#tokens').textContent()).toBe((await tokensInNode()).map((token) => ` ${token}`).join(''));
  expect(await page.evaluate('window.shown')).toContain('Loading 100 %');
  expect(browser.complaints).toEqual([]);
});

test('says so without WebGPU', async () => {
  const { page } = browser;
  await page.addInitScript("Object.defineProperty(navigator, 'gpu', { value: undefined })");
  await page.reload();
  await page.getByText('This browser offers no WebGPU').waitFor();
});

/** What main.js asks, of ONNX Runtime. */
async function tokensInNode(): Promise<number[]> {
  const { session, dispose } = await openModel(join(dir, 'site/model'), { target: 'onnx' });
  try {
    const data = Float32Array.from({ length: 4 * 64 }, (_, i) => Math.sin(i));
    await session.showImage({ embeds: { dtype: 'f32', shape: [4, 64], data } });
    await session.read([1, 2, 3]);
    const tokens: number[] = [];
    for await (const { token } of generate(session, { maxTokens: 16 })) tokens.push(token);
    return tokens;
  } finally {
    await dispose();
  }
}
