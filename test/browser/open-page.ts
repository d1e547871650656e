import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';
import { serveFiles } from './serve.ts';

/** A page in a real Chromium that can import this repository's TypeScript. */
export interface BrowserPage {
  /** For what {@link run} does not do: clicks, screenshots, traffic. */
  readonly page: Page;
  /** Warnings and errors so far, of the console and uncaught; Chromium reports WebGPU validation errors there. */
  readonly complaints: readonly string[];
  /** The address of a file or folder below the repository or one of `folders`. */
  url(path: string): string;
  /**
   * Calls a function in the page: `name`, as exported by the TypeScript file `module`. Arguments and result travel as
   * JSON does, typed arrays and undefined too. Give the function's type, `run<typeof sum>(file, 'sum', 1, 2)`. Rejects
   * with what the function throws.
   */
  run<F extends Exported, R = Awaited<ReturnType<F>>>(module: URL, name: string, ...args: Parameters<F>): Promise<R>;
  /** Ends the browser and the server. */
  close(): Promise<void>;
}

/** A string, because vitest rewrites an `import()` that it sees in code into a call of its own. */
const CALL = 'async (url, name, args) => (await import(url))[name](...args)';
type Call<R> = (url: string, name: string, args: readonly unknown[]) => Promise<R>;

type Exported = (...args: never[]) => unknown;

/** Starts a Chromium and a server of its own; `folders` (absolute) are served beside the repository. */
export async function openPage({ folders = [] }: { folders?: readonly string[] } = {}): Promise<BrowserPage> {
  const server = await serveFiles(folders);
  const browser = await launchChromium();
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(server.blankPage);
  return {
    page,
    complaints,
    url: server.url,
    async run<F extends Exported, R>(module: URL, name: string, ...args: Parameters<F>) {
      const call = await page.evaluateHandle<Call<R>>(CALL);
      const target = [server.url(fileURLToPath(module)), name, args] as const;
      return call.evaluate((call, [url, name, args]) => call(url, name, args), target);
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
