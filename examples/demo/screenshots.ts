import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launchChromium } from '../../test/browser/chromium.ts';
import { serveDemo } from './serve.ts';

const FOLDER = new URL('../../docs/images/', import.meta.url);
const FRAMES = 29;

/** What the README shows: both models after the same frames, on a desk in daylight and at night, and on a phone. */
const PICTURES: Readonly<Record<string, BrowserContextOptions>> = {
  'demo-light': { viewport: { width: 1200, height: 800 }, colorScheme: 'light' },
  'demo-dark': { viewport: { width: 1200, height: 800 }, colorScheme: 'dark' },
  'demo-phone': { viewport: { width: 400, height: 800 }, colorScheme: 'light' },
};

async function take(browser: Browser, url: string, name: string, options: BrowserContextOptions): Promise<void> {
  const context = await browser.newContext({ ...options, deviceScaleFactor: 1.5 });
  const page = await context.newPage();
  await page.goto(`${url}?seed=27&pace=0&frames=${FRAMES}`);
  for (const model of ['insertion', 'casa']) {
    await page.locator(`input[name=model][value=${model}]`).check({ force: true });
    await page
      .locator(`#numbers tr.${model}`)
      .nth(FRAMES - 1)
      .waitFor({ state: 'attached', timeout: 240_000 });
  }
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, FOLDER)), fullPage: true });
  await context.close();
}

await mkdir(FOLDER, { recursive: true });
const server = await serveDemo();
const browser = await launchChromium();
try {
  for (const [name, options] of Object.entries(PICTURES)) {
    await take(browser, server.url, name, options);
    console.log(`docs/images/${name}.png`);
  }
} finally {
  await browser.close();
  await server.close();
}
