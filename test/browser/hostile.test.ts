import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyFiles, withVariant } from '../../packages/runtime/test/tinyBundle.ts';
import type { Attempt, attempt, damageKept, forget, keptBytes, Outcome } from './hostile.ts';
import { type Fault, serveHostile } from './hostileServer.ts';
import { type BrowserPage, openPage } from './open-page.ts';

const PAGE = new URL('./hostile.ts', import.meta.url);
const BYTES = 300_000;
const CHUNK = 65_536;

/** The tiny model with weights of several chunks; the factor is the last of them. */
const content = Uint8Array.from({ length: BYTES }, (_, i) => i % 251);
new DataView(content.buffer).setFloat32(BYTES - 4, 3, true);
const files = tinyFiles((plan, variant) => {
  const push = variant.entries.push ?? expect.fail('no entry');
  const factor = { buffer: 'weights', offset: 299_776, bytes: 4 };
  const dispatches = push.dispatches.map((dispatch) => {
    return { ...dispatch, bindings: dispatch.bindings.map((range) => (range.buffer === 'weights' ? factor : range)) };
  });
  const uploads = [
    { file: 'weights.bin', byteOffset: 0, byteLength: BYTES - 4, buffer: 'rest', offset: 0 },
    { file: 'weights.bin', byteOffset: BYTES - 4, byteLength: 4, buffer: 'weights', offset: 299_776 },
  ];
  const kind = 'weights' as const;
  const buffers = { ...variant.buffers, rest: { kind, bytes: BYTES }, weights: { kind, bytes: 300_032 } };
  return withVariant({ buffers, uploads, entries: { push: { ...push, dispatches } } })(plan, variant);
}).set('weights.bin', content);

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const chunks = Array.from({ length: Math.ceil(BYTES / CHUNK) }, (_, i) => {
  return hash(content.subarray(i * CHUNK, (i + 1) * CHUNK));
});
const shard = { file: 'weights.bin', bytes: BYTES, sha256: hash(content), chunks: { bytes: CHUNK, sha256: chunks } };
const weights = { bytes: BYTES, shards: [shard] };

let server: Awaited<ReturnType<typeof serveHostile>>;
let browser: BrowserPage;
beforeAll(async () => {
  server = await serveHostile(files);
  browser = await openPage();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

function load(options: Omit<Attempt, 'url' | 'weights'> & { readonly fault?: Fault; readonly url?: string }) {
  const { fault = 'none', url = server.url(fault), ...rest } = options;
  return browser.run<typeof attempt>(PAGE, 'attempt', { url, weights, silence: 300, ...rest });
}

/** Every outcome must have left nothing alive, and the next load must work. */
async function expectFreed(outcome: Outcome, why: string): Promise<void> {
  expect(outcome.alive, why).toBe(0);
  expect(await load({}), why).toMatchObject({ y: 6, alive: 0 });
}

const WORKS: readonly Fault[] = [
  'no ranges',
  'breaks once',
  'breaks in every piece',
  'breaks without ranges',
  'ranges, then none',
  'short ranges',
  'content-length too long',
  'whole, gzip',
  'gzip of each range',
  'ranges of the gzip',
  'gzip, and breaks once',
  'damaged once',
  'busy at first',
  'silent once',
];

const FAILS = {
  'always breaks': 'network',
  'another range': 'source',
  'content-length too short': 'corrupt',
  'whole, content-length too short': 'corrupt',
  changed: 'changed',
  'changed, without ETag': 'corrupt',
  'no CORS': 'network',
  'not found': 'source',
  'a web page': 'source',
  'cut off': 'corrupt',
  silent: 'network',
} as const satisfies Partial<Record<Fault, string>>;

it('loads from servers and connections of every kind', async () => {
  for (const fault of WORKS) expect(await load({ fault }), fault).toMatchObject({ y: 6, alive: 0 });
});

it('names what makes a load impossible, and frees everything', async () => {
  for (const [fault, code] of Object.entries(FAILS) as [keyof typeof FAILS, string][]) {
    const outcome = await load({ fault });
    expect(outcome, fault).toMatchObject({ error: { name: 'RuntimeError', code }, alive: 0 });
  }
  const { error } = await load({ fault: 'no CORS' });
  expect(error?.message).toMatch(
    /Failed to fetch; is the server up, and may pages of http:.* read from it \(CORS\)\?$/,
  );
  await expectFreed(await load({ fault: 'cut off' }), 'after all of them');
});

/** Calls of WebGPU, and how far a load is, from its begin to its end and on into a run. */
const STAGES = [
  ['begin', 1],
  ['createBuffer', 2],
  ['popErrorScope', 1],
  ['createShaderModule', 1],
  ['writeBuffer', 3],
  ['weights', 150_000],
  ['createComputePipelineAsync', 2],
  ['kernels', 3],
  ['createBindGroup', 2],
] as const;

it.each([true, false])('stops at every stage when it is told to (device of the caller: %s)', async (shared) => {
  for (const [at, nth] of [['requestDevice', 1] as const, ...STAGES]) {
    const outcome = await load({ shared, disturb: { how: 'abort', at, nth } });
    expect(outcome, at).toMatchObject({ error: { name: 'AbortError' }, alive: 0 });
  }
  await expectFreed(await load({ disturb: { how: 'abort', at: 'weights', nth: 1 } }), 'at the end');
});

it.each([true, false])('names a device that is lost at any stage (device of the caller: %s)', async (shared) => {
  for (const [at, nth] of [...STAGES, ['submit', 1] as const, ['mapAsync', 1] as const]) {
    if (at === 'begin' && !shared) continue; // there is no device yet
    const outcome = await load({ shared, disturb: { how: 'lose', at, nth } });
    expect(outcome, at).toMatchObject({ error: { name: 'RuntimeError', code: 'device-lost' }, alive: 0 });
  }
  await expectFreed(await load({ disturb: { how: 'lose', at: 'mapAsync' } }), 'at the end');
});

it('names memory that the device does not have, for buffers, weights on their way and results', async () => {
  for (const [at, nth] of [
    ['createBuffer', 1],
    ['createBuffer', 5],
    ['writeBuffer', 2],
    ['submit', 1],
  ] as const) {
    const outcome = await load({ disturb: { how: 'full', at, nth } });
    expect(outcome, at).toMatchObject({ error: { name: 'RuntimeError', code: 'memory' }, alive: 0 });
  }
  await expectFreed(await load({ disturb: { how: 'full', at: 'createBuffer' } }), 'at the end');
});

it('makes the browser complain of nothing but the network', () => {
  expect(browser.complaints.filter((text) => !/^(Failed to load resource|Access to fetch)/.test(text))).toEqual([]);
});

describe('the cache', () => {
  const keeps = true;

  it('has what was loaded before a load was stopped, and is read anew where it is damaged', async () => {
    const url = server.url('none');
    expect(await load({ keeps, disturb: { how: 'abort', at: 'weights', nth: 150_000 } })).toMatchObject({ alive: 0 });
    const resumed = await load({ keeps, url });
    expect(resumed.cached).toBeGreaterThanOrEqual(150_000);
    await browser.run<typeof damageKept>(PAGE, 'damageKept');
    expect(await load({ keeps, url })).toMatchObject({ y: 6, cached: 0 });
    const before = server.requests(url);
    expect(await load({ keeps, url })).toMatchObject({ y: 6, cached: BYTES });
    expect(server.requests(url)).toBe(before);
    await browser.run<typeof forget>(PAGE, 'forget');
  });

  it('serves two tabs that load at once', async () => {
    const url = server.url('none');
    const opened = browser.page.waitForEvent('popup');
    await browser.page.evaluate('void window.open(location.href)');
    const other = await opened;
    const module = JSON.stringify(browser.url(fileURLToPath(PAGE)));
    const there = other.evaluate(
      `import(${module}).then((it) => it.attempt(${JSON.stringify({ url, weights, keeps })}))`,
    );
    const [here, elsewhere] = await Promise.all([load({ keeps, url }), there]);
    expect([here, elsewhere]).toMatchObject([{ y: 6 }, { y: 6 }]);
    expect(await browser.run<typeof keptBytes>(PAGE, 'keptBytes')).toBe(BYTES);
    expect(await load({ keeps, url })).toMatchObject({ y: 6, cached: BYTES });
    await other.close();
    await browser.run<typeof forget>(PAGE, 'forget');
  });

  it('is left alone when the browser has no room', async () => {
    const { origin } = new URL(browser.page.url());
    const session = await browser.page.context().newCDPSession(browser.page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 150_000 });
    const outcome = await load({ keeps });
    expect(outcome).toMatchObject({
      y: 6,
      alive: 0,
      cacheProblem: expect.stringMatching(/not kept for the next load: .*quota/i),
    });
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    const next = await load({ keeps });
    expect(next).toMatchObject({ y: 6 });
    expect(next.cacheProblem).toBeUndefined();
    expect(next.cached).toBeLessThan(BYTES);
  });
});

it('names a GPU process that crashes while a load waits for the network, and loads again', async () => {
  const url = server.url('silent');
  const loading = load({ url, silence: 30_000 });
  await expect.poll(() => server.requests(url)).toBe(1);
  const session = await browser.page.context().browser()?.newBrowserCDPSession();
  await session?.send('Browser.crashGpuProcess');
  const outcome = await loading;
  expect(outcome).toMatchObject({ error: { name: 'RuntimeError', code: 'device-lost' } });
  await expectFreed(outcome, 'crash');
});
