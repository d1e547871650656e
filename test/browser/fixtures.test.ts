import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../packages/casement/src/artifact/build.ts';
import { type Golden, readGolden } from '../../packages/casement/src/golden.ts';
import { readImageToken } from '../../packages/casement/src/load/readConfig.ts';
import type { GoldenRun } from '../../packages/casement/src/verify/runGolden.ts';
import type { runArtifact, runInWorker } from './fixtures.ts';
import { type BrowserPage, openPage } from './open-page.ts';

const PAGE = new URL('./fixtures.ts', import.meta.url);
const fixtures = join(import.meta.dirname, '../fixtures');
const names = await readdir(fixtures);
let folder: string;
let browser: BrowserPage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'browser-'));
  browser = await openPage({ folders: [folder] });
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

/** Builds a fixture for WebGPU where the page can fetch it. */
async function prepare(name: string, dtype: 'f32' | 'f16'): Promise<[url: string, golden: Golden]> {
  const out = join(folder, `${name}-${dtype}`);
  await build({ model: join(fixtures, name), out, targets: ['webgpu'], dtype });
  const imageToken = await readImageToken(join(fixtures, name));
  return [browser.url(out), await readGolden(join(fixtures, name, 'golden.safetensors'), { imageToken })];
}

function expectGolden({ greedy, imageTokens, ...logits }: GoldenRun, golden: Golden, allowed: number) {
  const differences = [...Object.values(logits), ...(imageTokens ? [imageTokens] : [])];
  for (const { maxAbsolute } of differences) expect(maxAbsolute).toBeLessThanOrEqual(allowed);
  expect(greedy).toEqual(golden.greedy);
  expect(browser.complaints).toEqual([]);
}

describe('in Chromium', () => {
  it.each(names)('%s gives the logits and tokens of PyTorch', async (name) => {
    const [url, golden] = await prepare(name, 'f32');
    expectGolden(await browser.run<typeof runArtifact>(PAGE, 'runArtifact', url, golden), golden, 5e-5);
  });

  it('a worker does too', async () => {
    const [url, golden] = await prepare('casa', 'f32');
    expectGolden(await browser.run<typeof runInWorker>(PAGE, 'runInWorker', url, golden), golden, 5e-5);
  });

  it.each(['casa', 'ca'])('%s in f16 is close', async (name) => {
    const [url, golden] = await prepare(name, 'f16');
    expectGolden(await browser.run<typeof runArtifact>(PAGE, 'runArtifact', url, golden), golden, 2e-2);
  });
});
