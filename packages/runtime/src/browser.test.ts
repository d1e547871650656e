import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BrowserPage, openPage } from '../../../test/browser/open-page.ts';
import { smallDecoder } from '../../../test/support/smallDecoder.ts';
import { acquireNodeGpu } from '../../session/src/webgpu/node/index.ts';
import { lowerToWebGpu } from '../../webgpu/src/index.ts';
import { packWeights } from '../../webgpu/test/weights.ts';
import { type Calls, converse, type converseInPage, type converseInWorker } from '../test/converse.ts';

const PAGE = new URL('../test/converse.ts', import.meta.url);
const WORKER = fileURLToPath(new URL('../test/converseWorker.ts', import.meta.url));
let browser: BrowserPage;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  const { program, params } = smallDecoder({ dtype: 'f16' });
  const { file, locations } = packWeights('model.safetensors', params);
  const { files } = lowerToWebGpu(program, { weights: locations });
  for (const [name, content] of [...files, ['model.safetensors', file] as const]) {
    await writeFile(join(folder, name), content);
  }
  browser = await openPage({ folders: [folder] });
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

function integers(...values: number[]) {
  return { dtype: 'i32', shape: [1, values.length], data: Int32Array.from(values) } as const;
}

it('gives the same numbers in a page, a worker and Node', async () => {
  const image = {
    dtype: 'f32',
    shape: [1, 2, 12],
    data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  } as const;
  const calls: Calls = [
    ['step', { input_ids: integers(1, 2, 3), position_ids: integers(0, 1, 2) }],
    ['openWindow', { image, position_ids: integers(3, 3) }],
    ['step', { input_ids: integers(4), position_ids: integers(3) }],
    ['step', { input_ids: integers(5), position_ids: integers(4) }],
  ];
  const url = browser.url(folder);
  const inPage = await browser.run<typeof converseInPage>(PAGE, 'converseInPage', url, calls);
  const inWorker = await browser.run<typeof converseInWorker>(
    PAGE,
    'converseInWorker',
    browser.url(WORKER),
    url,
    calls,
  );
  const inNode = await converse(await acquireNodeGpu({ adapter: 'software' }), url, calls);
  expect(inPage.map((outputs) => outputs.logits?.length)).toEqual([57, undefined, 19, 19]);
  expect(inPage).toEqual(inNode);
  expect(inWorker).toEqual(inNode);
  expect(browser.complaints).toEqual([]);
});
