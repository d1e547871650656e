import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countBuffers } from '../test/countBuffers.ts';
import { tinyFiles } from '../test/tinyBundle.ts';
import { loadBundle, memorySource, type Source } from './index.ts';

const files = tinyFiles();
const { read, readRange } = memorySource(files);
const inputs = { x: { dtype: 'f32', shape: [1], data: Float32Array.of(2) } } as const;
let shared: GPUDevice;
beforeAll(async () => {
  shared = await freshDevice();
});
afterAll(() => shared.destroy());

async function freshDevice(): Promise<GPUDevice> {
  const gpu = await acquireNodeGpu({ adapter: 'software' });
  return (await (await gpu.requestAdapter())?.requestDevice()) ?? expect.fail('no device');
}

/** Loads and runs on another device: what was lost took nothing else with it. */
async function expectSecondLoad(): Promise<void> {
  const model = await loadBundle({ source: { read }, device: shared });
  expect((await model.run('push', inputs)).y?.data).toEqual(Float32Array.of(6));
  await model.dispose();
}

/** A source that does something before it gives a file. */
function before(name: string, act: () => void): Source {
  const watched = <A extends readonly unknown[], R>(give: (file: string, ...rest: A) => R) => {
    return (file: string, ...rest: A): R => {
      if (file === name) act();
      return give(file, ...rest);
    };
  };
  return { read: watched(read), ...(readRange ? { readRange: watched(readRange) } : {}) };
}

describe('a device that is lost', () => {
  it.each(['plan.json', 'scale.wgsl', 'sum.wgsl', 'weights.bin'])(
    'while %s is read is named, and frees everything',
    async (name) => {
      const device = await freshDevice();
      const counted = countBuffers(device);
      const source = before(name, () => device.destroy());
      await expect(loadBundle({ source, device: counted.device })).rejects.toMatchObject({
        code: 'device-lost',
        message: expect.stringMatching(/^the GPU device was lost \(destroyed\): .*; load the model again$/s),
      });
      expect(counted.alive()).toBe(0);
      await expectSecondLoad();
    },
  );

  it('stops a download that would not end by itself', async () => {
    const device = await freshDevice();
    const hanging: Source = {
      read,
      readRange: (_file, _offset, _length, signal) => {
        setTimeout(() => device.destroy(), 5);
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      },
    };
    await expect(loadBundle({ source: hanging, device })).rejects.toMatchObject({ code: 'device-lost' });
  });

  it('fails the run under way and every later one; dispose still frees', async () => {
    const device = await freshDevice();
    const counted = countBuffers(device);
    const model = await loadBundle({ source: { read }, device: counted.device });
    const running = model.run('push', inputs);
    await Promise.resolve();
    device.destroy();
    await expect(running).rejects.toMatchObject({ code: 'device-lost' });
    await expect(model.run('push', inputs)).rejects.toMatchObject({ code: 'device-lost' });
    await model.dispose();
    expect(counted.alive()).toBe(0);
    await expectSecondLoad();
  });
});

describe('an aborted load', () => {
  it.each(['plan.json', 'scale.wgsl', 'weights.bin'])('while %s is read frees everything', async (name) => {
    const counted = countBuffers(shared);
    const abort = new AbortController();
    const source = before(name, () => abort.abort());
    const load = loadBundle({ source, device: counted.device, signal: abort.signal });
    await expect(load).rejects.toMatchObject({ name: 'AbortError' });
    expect(counted.alive()).toBe(0);
    await expectSecondLoad();
  });

  it('does not begin when it was aborted before', async () => {
    const read = () => expect.fail('it read');
    await expect(loadBundle({ source: { read }, device: shared, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

it('leaves no buffer alive over 100 rounds of load, run and dispose, nor anything that waits for the loss', async () => {
  const counted = countBuffers(shared);
  let waits = 0;
  const device = new Proxy(counted.device, {
    get: (target, key) => {
      if (key === 'lost') waits++;
      return Reflect.get(target, key);
    },
  });
  const broken = memorySource(tinyFiles(undefined, { 'push.wgsl': 'not wgsl' }));
  for (let round = 0; round < 100; round++) {
    if (round % 10 === 0) await expect(loadBundle({ source: broken, device })).rejects.toThrow('does not compile');
    const model = await loadBundle({ source: { read }, device });
    await model.run('push', inputs);
    await model.dispose();
    expect(counted.alive()).toBe(0);
  }
  expect(counted.created()).toBe(540);
  expect(waits).toBe(1);
});
