import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../test/browser/chromium.ts';
import { serveDemo } from './serve.ts';

/** Written by ../captioner/train/export.py: what PyTorch says of clips. */
interface Clip {
  readonly seed: number;
  readonly said: Readonly<Record<'casa' | 'insertion', readonly string[]>>;
}

const FRAMES = 6;
let clip: Clip;
let next: Clip;
let server: Awaited<ReturnType<typeof serveDemo>>;
let browser: Browser;

beforeAll(async () => {
  const clips = JSON.parse(
    await readFile(new URL('../captioner/golden/clips.json', import.meta.url), 'utf8'),
  ) as Clip[];
  [clip = expect.fail('no clips'), next = expect.fail('no clip of the next seed')] = clips;
  server = await serveDemo();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Counts, in the worker and from outside, the GPU buffers that are alive. */
const COUNT = `{
  const alive = new Set();
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    alive.add(buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    alive.delete(this);
    destroy.call(this);
  };
  self.buffersAlive = () => alive.size;
}`;
const NO_GPU = "Object.defineProperty(Object.getPrototypeOf(navigator), 'gpu', { get: () => undefined });";

/** Opens the page, with `code` before the worker's own. Collects what the browser complains about. */
async function open(query: string, code = COUNT): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  await page.route('**/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code};${await response.text()}` });
  });
  if (code === NO_GPU) await page.addInitScript(code);
  await page.goto(server.url + query);
  return { page, complaints };
}

type Model = 'casa' | 'insertion';
const choose = (page: Page, model: Model) => page.locator(`input[name=model][value=${model}]`).check({ force: true });

/** Waits for the costs of so many frames: bytes held for images, and for text. */
async function costs(page: Page, model: Model, frames: number): Promise<{ images: number[]; text: number[] }> {
  const rows = page.locator(`#numbers tr.${model}`);
  await rows.nth(frames - 1).waitFor({ state: 'attached', timeout: 50_000 });
  const cells = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
  return { images: cells.map((row) => Number(row[3])), text: cells.map((row) => Number(row[4])) };
}

async function said(page: Page): Promise<string[]> {
  const texts = await page.getByRole('log').locator('.said').allTextContents();
  return texts.reverse();
}

describe('the page', () => {
  it('says what PyTorch says; images cost the same with CASA, and more and more when they are inserted', async () => {
    const { page, complaints } = await open(`?seed=${clip.seed}&pace=0&frames=${FRAMES}`);
    const casa = await costs(page, 'casa', FRAMES);
    expect(await said(page)).toEqual(clip.said.casa.slice(0, FRAMES));
    await choose(page, 'insertion');
    const insertion = await costs(page, 'insertion', FRAMES);
    expect(await said(page)).toEqual(clip.said.insertion.slice(0, FRAMES));

    const perImage = insertion.images[0] ?? 0;
    expect(perImage).toBeGreaterThan(0);
    expect(insertion.images).toEqual(Array.from({ length: FRAMES }, (_, i) => perImage * (i + 1)));
    // A window has its image, and the words said of it; not those of the frames before.
    for (const [i, bytes] of casa.images.entries()) {
      const words = (casa.text[i] ?? 0) - (casa.text[i - 1] ?? 0);
      expect(bytes).toBeGreaterThanOrEqual(perImage);
      expect(bytes).toBeLessThanOrEqual(perImage + words + perImage / 8);
    }
    const plots = await page
      .locator('svg[role=img]')
      .evaluateAll((all) => all.map((svg) => svg.getAttribute('aria-label')));
    expect(plots[1]).toMatch(/^Cache held: CASA, images .* at frame 6; Token insertion, images .* at frame 6; /);
    await expect.poll(() => page.locator('#facts').textContent()).toMatch(/swiftshader.*f32/s);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('forgets a scene when the next one begins', async () => {
    const { page } = await open(`?seed=${clip.seed}&scene=2&pace=0&frames=4`);
    await page.getByRole('button', { name: 'Continue' }).waitFor();
    const second = next.said.casa.slice(0, 2);
    expect(await said(page)).toEqual([...clip.said.casa.slice(0, 2), ...second]);
    // Keys and values of 4 layers with 128 numbers of f32 each; of every frame its words, <frame> and <end>.
    const [first = 0, both = 0] = second.map((text) => 2 * 4 * 128 * 4 * (text.split(' ').length + 2));
    expect((await costs(page, 'casa', 2)).text).toEqual([first, first + both]);
    await page.close();
  });

  it('frees what it had on the GPU when models are switched 10 times, whatever it was doing', async () => {
    const { page } = await open('?pace=0&frames=2');
    await costs(page, 'casa', 2);
    const [worker] = page.workers();
    const alive = () => worker?.evaluate('buffersAlive()');
    const before = await alive();
    expect(before).toBeGreaterThan(5);
    for (let i = 1; i <= 10; i++) {
      const model = i % 2 === 1 ? 'insertion' : 'casa';
      await choose(page, model);
      // Some end while files are read, some while kernels compile, some while a caption is written.
      if (i % 5 === 0) await costs(page, model, 2);
      else await page.waitForTimeout(100 * (i % 5));
    }
    await costs(page, 'casa', 2);
    await expect.poll(alive).toBe(before);
    expect(await page.getByRole('alert').isHidden()).toBe(true);
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))");
    await expect.poll(alive).toBe(0);
    await page.close();
  }, 180_000);

  it('works by keyboard', async () => {
    const { page } = await open('?pace=0&frames=1');
    await page.locator('input[name=model]:checked').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('input[name=model]:checked').getAttribute('value')).toBe('insertion');
    await costs(page, 'insertion', 1);
    await page.getByRole('button', { name: 'Continue' }).focus();
    await page.keyboard.press('Enter');
    await costs(page, 'insertion', 2);
    await page.close();
  });

  it('says so where there is no WebGPU', async () => {
    const { page } = await open('', NO_GPU);
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/^This page computes on your GPU, and this browser does not let it/);
    expect(await page.getByRole('progressbar').isHidden()).toBe(true);
    await page.close();
  });
});
