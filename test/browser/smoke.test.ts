import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BrowserPage, openPage } from './open-page.ts';
import { logistic, type logisticInPage, type makeInvalidBuffer, type readRange } from './smoke.ts';

const SMOKE = new URL('./smoke.ts', import.meta.url);
let scratch: string;
let served: string;
let browser: BrowserPage;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'smoke ü-'));
  served = join(scratch, 'served');
  await mkdir(served);
  await writeFile(join(served, 'bundle.txt'), '0123456789');
  await writeFile(join(scratch, 'private.txt'), 'secret');
  browser = await openPage({ folders: [served] });
});

afterAll(async () => {
  await browser?.close();
  await rm(scratch, { recursive: true });
});

describe('WebGPU on SwiftShader', () => {
  it('computes the same in Chromium and in Node', async () => {
    const input = Float32Array.from({ length: 1000 }, (_, i) => (i - 500) / 50);
    const inPage = await browser.run<typeof logisticInPage>(SMOKE, 'logisticInPage', input);
    const inNode = await logistic(await acquireNodeGpu({ adapter: 'software' }), input);
    expect(inPage).toEqual(inNode);
    expect(inPage).toMatchObject({ architecture: 'swiftshader', isFallbackAdapter: true });
    const worst = input.reduce(
      (max, x, i) => Math.max(max, Math.abs((inPage.values[i] ?? NaN) - 1 / (1 + Math.exp(-x)))),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
    expect(browser.complaints).toEqual([]);
  });

  it('hands on what a page throws and what WebGPU complains about', async () => {
    await expect(browser.run(SMOKE, 'nothing')).rejects.toThrow('is not a function');
    await browser.run<typeof makeInvalidBuffer>(SMOKE, 'makeInvalidBuffer');
    expect(browser.complaints.join()).toContain('BufferUsage::(MapRead|Storage)');
  });
});

describe('the file server', () => {
  it('serves given folders, in ranges, to an isolated page', async () => {
    const url = browser.url(join(served, 'bundle.txt'));
    const read = await browser.run<typeof readRange>(SMOKE, 'readRange', url, 'bytes=2-4');
    expect(read).toEqual({ text: '234', isolated: true });
  });

  it('serves nothing else', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const response = await fetch(browser.url(join(scratch, 'private.txt')));
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('secret');
  });
});
