import { createHash } from 'node:crypto';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeCaches } from '../../test/fakeCaches.ts';
import { tinyFiles } from '../../test/tinyBundle.ts';
import {
  clearCachedModels,
  type LoadProgress,
  listCachedModels,
  loadBundle,
  memorySource,
  RuntimeError,
  type WeightsSpec,
} from '../index.ts';

let device: GPUDevice;
beforeAll(async () => {
  const gpu = await acquireNodeGpu({ adapter: 'software' });
  device = (await (await gpu.requestAdapter())?.requestDevice()) ?? expect.fail('no device');
});
afterAll(() => device.destroy());
afterEach(() => vi.unstubAllGlobals());

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The weight 3 at byte 3 of 11, which two chunks share. */
function weightsOf(bytes: Uint8Array): WeightsSpec {
  const chunks = { bytes: 5, sha256: [0, 5, 10].map((at) => hash(bytes.subarray(at, at + 5))) };
  return { bytes: 11, shards: [{ file: 'weights.bin', bytes: 11, sha256: hash(bytes), chunks }] };
}

const sound = tinyFiles().get('weights.bin') as Uint8Array; // tinyFiles makes it so
const weights = weightsOf(sound);

/** Loads the tiny bundle from `files`, runs it, and says what was read of the weights and reported last. */
async function load({
  files = tinyFiles(),
  ...options
}: Partial<Parameters<typeof loadBundle>[0]> & { files?: Map<string, string | Uint8Array> } = {}) {
  const memory = memorySource(files);
  const reads: number[] = [];
  const source: typeof memory = {
    ...memory,
    remote: true,
    readRange: (file, offset, length) => {
      reads.push(offset);
      return memory.readRange?.(file, offset, length) ?? expect.fail('no ranges');
    },
  };
  let last: LoadProgress | undefined;
  const onProgress = (progress: LoadProgress) => {
    last = progress;
  };
  const model = await loadBundle({ weights, onProgress, ...options, source, device, adapter: undefined as never });
  const { y } = await model.run('push', { x: { dtype: 'f32', shape: [1], data: Float32Array.of(2) } });
  await model.dispose();
  return { y: y?.data[0], reads, progress: last };
}

describe('weights with hashes', () => {
  it('are checked, and read once more when they are damaged', async () => {
    const damaged = sound.with(4, 99);
    const files = tinyFiles().set('weights.bin', damaged);
    const error: unknown = await load({ files }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error).toMatchObject({
      code: 'corrupt',
      message:
        'weights.bin: bytes 0 … 5 are not what was built (their sha256 differs); upload the artifact again, all files ' +
        'of one build',
    });
  });

  it('are kept by the browser, chunk by chunk, and can be listed and forgotten', async () => {
    vi.stubGlobal('caches', fakeCaches().caches);
    expect(await load()).toMatchObject({ y: 6, reads: [0, 5], progress: { weights: { cached: 0, loaded: 4 } } });
    expect(await load()).toMatchObject({ y: 6, reads: [], progress: { weights: { cached: 4, loaded: 4 } } });
    const version = expect.stringMatching(/^[0-9a-f]{16}$/);
    expect(await listCachedModels()).toEqual([{ name: 'tiny', version, bytes: 10 }]);
    expect((await load({ cache: 'none' })).reads).toEqual([0, 5]);
    await clearCachedModels('other');
    expect(await listCachedModels()).toHaveLength(1);
    await clearCachedModels('tiny');
    expect(await listCachedModels()).toEqual([]);
    expect((await load()).reads).toEqual([0, 5]);
  });

  it('never mix versions', async () => {
    vi.stubGlobal('caches', fakeCaches().caches);
    await load();
    const other = new Uint8Array(sound);
    new DataView(other.buffer).setFloat32(3, 5, true);
    const newer = { files: tinyFiles().set('weights.bin', other), weights: weightsOf(other) };
    expect((await load(newer)).y).toBe(10);
    expect((await load()).y).toBe(6);
    expect(await listCachedModels()).toHaveLength(2);
  });

  it('are forgotten once they were not loaded for a week, when another version is', async () => {
    vi.stubGlobal('caches', fakeCaches().caches);
    const other = new Uint8Array(11);
    const newer = { files: tinyFiles().set('weights.bin', other), weights: weightsOf(other) };
    const day = 24 * 60 * 60 * 1000;
    const clock = vi.spyOn(Date, 'now');
    await load();
    clock.mockReturnValue(Date.now() + 6 * day);
    await load(newer);
    expect(await listCachedModels()).toHaveLength(2);
    clock.mockReturnValue(Date.now() + 2 * day);
    await load({ ...newer, cache: 'none' });
    expect(await listCachedModels()).toHaveLength(2);
    await load(newer);
    expect(await listCachedModels()).toHaveLength(1);
    expect((await load(newer)).reads).toEqual([]);
    clock.mockRestore();
  });

  it('are read again where the cache is damaged', async () => {
    const { caches, stores } = fakeCaches();
    vi.stubGlobal('caches', caches);
    await load();
    const [store] = stores.values();
    const key = [...(store?.keys() ?? [])].find((address) => /\/[0-9a-f]{64}$/.test(address));
    store?.set(key ?? expect.fail('nothing is kept'), new Response('oops'));
    expect(await load()).toMatchObject({ y: 6, reads: [0] });
    expect(await load()).toMatchObject({ y: 6, reads: [] });
  });
});

describe('a cache that refuses', () => {
  it('makes room by forgetting other versions of the model first', async () => {
    let stored = 0;
    let room = Infinity;
    const { caches, stores } = fakeCaches(() => {
      if (++stored > room && stores.size > 1) throw new DOMException('full', 'QuotaExceededError');
    });
    vi.stubGlobal('caches', caches);
    const other = new Uint8Array(11);
    const older = { files: tinyFiles().set('weights.bin', other), weights: weightsOf(other) };
    await load(older);
    room = stored + 1;
    expect(await load()).toMatchObject({ y: 6, progress: { weights: { loaded: 4 } } });
    expect(await listCachedModels()).toHaveLength(1);
    expect((await load()).reads).toEqual([]);
  });

  it.each([
    [
      'no room',
      'the disk is full',
      () =>
        fakeCaches(() => {
          throw new DOMException('the disk is full', 'QuotaExceededError');
        }).caches,
    ],
    [
      'a private window',
      'not here',
      () => ({
        ...fakeCaches().caches,
        open: () => Promise.reject(new DOMException('not here', 'SecurityError')),
      }),
    ],
  ])("is reported and in nobody's way: %s", async (_, why, caches) => {
    vi.stubGlobal('caches', caches());
    for (let time = 0; time < 2; time++) {
      expect(await load()).toMatchObject({
        y: 6,
        reads: [0, 5],
        progress: { cacheProblem: `the weights of "tiny" are not kept for the next load: ${why}` },
      });
    }
  });
});
