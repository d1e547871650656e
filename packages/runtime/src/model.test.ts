import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acquireNodeGpu } from '../../session/src/webgpu/node/index.ts';
import { countBuffers } from '../test/countBuffers.ts';
import { tinyFiles } from '../test/tinyBundle.ts';
import {
  type HostTensor,
  type HostTensors,
  loadBundle,
  memorySource,
  RuntimeError,
  type WebGpuModel,
} from './index.ts';

let adapter: GPUAdapter;
let device: GPUDevice;
beforeAll(async () => {
  const gpu = await acquireNodeGpu({ adapter: 'software' });
  adapter = (await gpu.requestAdapter()) ?? expect.fail('no adapter');
  device = await adapter.requestDevice();
});
afterAll(() => device.destroy());

const source = memorySource(tinyFiles());

function vector(...values: number[]): HostTensor {
  return { dtype: 'f32', shape: [values.length], data: Float32Array.from(values) };
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => expect.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  return error instanceof RuntimeError ? `${error.code}: ${error.message}` : String(error);
}

describe('run', () => {
  it('computes, keeps states from run to run, and forgets them on reset', async () => {
    const model = await loadBundle({ source, device });
    expect(model).toMatchObject({ name: 'tiny', variant: 'portable' });
    expect(await model.run('push', { x: vector(1, 2) })).toEqual({ y: vector(3, 6), total: vector(9) });
    expect(await model.run('push', { x: vector(4) }, { outputs: ['total'] })).toEqual({ total: vector(21) });
    expect(new Map(model.lengths)).toEqual(new Map([['past', 3]]));
    await model.reset('past');
    expect(await model.run('push', { x: vector(1) })).toEqual({ y: vector(3), total: vector(3) });
    await model.reset();
    expect(await model.run('push', { x: vector(2) }, { outputs: [] })).toEqual({});
    expect(new Map(model.lengths)).toEqual(new Map([['past', 1]]));
    await model.dispose();
  });

  it('runs one call after the other', async () => {
    const model = await loadBundle({ source, device });
    const totals = await Promise.all([1, 2, 3, 4, 5, 6].map((value) => model.run('push', { x: vector(value) })));
    expect(totals.map(({ total }) => total?.data[0])).toEqual([3, 9, 18, 30, 45, 63]);
    await model.dispose();
  });

  it('takes floats of any dtype, and input arrays that are views', async () => {
    const model = await loadBundle({ source, device });
    const data = Float32Array.of(9, 9, 1, 2, 9).subarray(2, 4);
    expect(await model.run('push', { x: { dtype: 'f16', shape: [2], data } })).toMatchObject({ y: vector(3, 6) });
    await model.dispose();
  });

  it('refuses what does not fit, before anything changes', async () => {
    const model = await loadBundle({ source, device });
    await model.run('push', { x: vector(1, 1, 1) });
    const run = (inputs: HostTensors, entry = 'push', outputs?: string[]) =>
      failure(model.run(entry, inputs, outputs ? { outputs } : {}));
    const aborted = model.run('push', { x: vector(1) }, { signal: AbortSignal.abort() });
    expect({
      'an entry that is not there': await run({}, 'pull'),
      'a missing input': await run({}),
      'an extra input': await run({ x: vector(1), z: vector(1) }),
      'another dtype': await run({ x: { dtype: 'i32', shape: [1], data: Int32Array.of(1) } }),
      'another array': await run({ x: { dtype: 'f32', shape: [1], data: Int32Array.of(1) } }),
      'too few elements': await run({ x: { dtype: 'f32', shape: [2], data: Float32Array.of(1) } }),
      'another rank': await run({ x: { dtype: 'f32', shape: [1, 1], data: Float32Array.of(1) } }),
      'a dim below its bound': await run({ x: vector() }),
      'a dim above its bound': await run({ x: vector(1, 2, 3, 4, 5) }),
      'a full state': await run({ x: vector(1, 2, 3, 4) }),
      'an output that is not there': await run({ x: vector(1) }, 'push', ['z']),
      'an aborted call': await failure(aborted),
      'a dim that counts no state': await failure(model.reset('n')),
    }).toMatchInlineSnapshot(`
      {
        "a dim above its bound": "call: push: n is 5, outside 1 … 4",
        "a dim below its bound": "call: push: n is 0, outside 1 … 4",
        "a dim that counts no state": "call: no state is counted by "n"; growing dims: past",
        "a full state": "call: push: the states counted by "past" hold 6 positions, 7 are needed; build with a larger capacity or reset them",
        "a missing input": "call: push: input "x" must be f32[n]; it was not given",
        "an aborted call": "AbortError: This operation was aborted",
        "an entry that is not there": "call: "tiny" has no entry "pull"; its entries are push",
        "an extra input": "call: push has no input "z"; its inputs are x",
        "an output that is not there": "call: push has no output "z"; its outputs are y, total",
        "another array": "call: push: input "x" must be f32[n] in a Float32Array, got Int32Array",
        "another dtype": "call: push: input "x" must be f32[n], got i32[1]",
        "another rank": "call: push: input "x" must be f32[n], got [1 1]",
        "too few elements": "call: push: input "x" must be f32[n], got [2] with 1 elements",
      }
    `);
    expect(new Map(model.lengths)).toEqual(new Map([['past', 3]]));
    expect(await model.run('push', { x: vector(1, 1, 1) })).toMatchObject({ total: vector(18) });
    await model.dispose();
  });

  it('checks indices, and the batch of states that hold something', async () => {
    const files = tinyFiles((plan) => {
      const { push } = plan.signature.entries;
      const size = (name: string) => ({ sum: [[1, name] as const], over: 1 });
      const inputs = { x: { dtype: 'f32' as const, shape: [size('n')], below: 4 } };
      const cache = { dtype: 'f32' as const, shape: [size('n'), size('past')], axis: 1, dim: 'past', capacity: 6 };
      const entries = push ? { push: { ...push, inputs } } : {};
      return { ...plan, signature: { ...plan.signature, states: { cache }, entries } };
    });
    const model = await loadBundle({ source: memorySource(files), device });
    await model.run('push', { x: vector(1, 3) });
    expect({
      'an index that is too large': await failure(model.run('push', { x: vector(0, 4) })),
      'a negative index': await failure(model.run('push', { x: vector(-1, 0) })),
      'another batch': await failure(model.run('push', { x: vector(1) })),
    }).toMatchInlineSnapshot(`
      {
        "a negative index": "call: push: input "x" must be f32[n] of indices 0 … 3, but element 0 is -1",
        "an index that is too large": "call: push: input "x" must be f32[n] of indices 0 … 3, but element 1 is 4",
        "another batch": "call: push: n is 1, but state "cache" holds 2 positions of n 2; reset "past" first",
      }
    `);
    await model.reset();
    await model.run('push', { x: vector(1) });
    await model.dispose();
  });
});

describe('what the device does', () => {
  it('creates nothing once it is warm', async () => {
    const counted = countBuffers(device);
    const model = await loadBundle({ source, device: counted.device });
    await model.run('push', { x: vector(1, 2) });
    const before = counted.created();
    await model.run('push', { x: vector(1) });
    await model.run('push', { x: vector(1, 1) });
    expect(counted.created()).toBe(before);
    expect(model.memory).toEqual({
      weights: 256,
      constants: 0,
      loop: 0,
      state: 256,
      inputs: 512,
      arena: 512,
      readBack: 12,
    });
    await model.dispose();
  });

  it('keeps no buffer after dispose, and refuses later calls', async () => {
    const counted = countBuffers(device);
    for (let round = 0; round < 20; round++) {
      const model = await loadBundle({ source, device: counted.device });
      const running = model.run('push', { x: vector(1, 2) });
      const disposal = model.dispose();
      expect(await failure(model.run('push', { x: vector(1) }))).toBe('disposed: "tiny" was disposed; load it again');
      await Promise.all([disposal, model.dispose()]);
      expect(await running).toMatchObject({ total: vector(9) });
      expect(counted.alive()).toBe(0);
      expect(await failure(model.reset())).toContain('disposed');
    }
    expect(counted.created()).toBe(100);
  });

  it('names a lost device, during a run and after it', async () => {
    const own = await (await adapterAgain()).requestDevice();
    const model = await loadBundle({ source, device: own });
    const running = failure(model.run('push', { x: vector(1) }));
    await Promise.resolve();
    own.destroy();
    expect(await running).toMatch(/^device-lost: the GPU device was lost/);
    expect(await failure(model.run('push', { x: vector(1) }))).toMatch(/^device-lost: .*; load the model again$/s);
    await model.dispose();
  });

  it('names memory that is refused for results, and runs again when there is some', async () => {
    const full = withoutReadBack(device);
    const model = await loadBundle({ source, device: full.device });
    full.refuses = true;
    expect(await failure(model.run('push', { x: vector(1) }))).toBe(
      'memory: push: the device has no memory for the results: no room; ask for fewer outputs, or close other pages that use the GPU',
    );
    expect(model.lengths).toEqual(new Map([['past', 0]]));
    full.refuses = false;
    expect(await model.run('push', { x: vector(1) })).toMatchObject({ total: vector(3) });
    await model.dispose();
  });

  it('frees a device of its own', async () => {
    const model = await loadBundle({ source, adapter: await adapterAgain() });
    const lost = deviceOf(model).lost;
    await model.dispose();
    expect((await lost).reason).toBe('destroyed');
  });
});

/** A device that, while it refuses, gives no buffer to read results from, as if its memory were full. */
function withoutReadBack(device: GPUDevice): { readonly device: GPUDevice; refuses: boolean } {
  const scopes: GPUErrorFilter[] = [];
  const state = {
    refuses: false,
    device: new Proxy(device, {
      get: (target, key) => {
        if (key === 'createBuffer' && state.refuses) {
          // Dawn calls what is larger than its limits invalid; that its memory is full cannot be brought about.
          return (descriptor: GPUBufferDescriptor) => target.createBuffer({ ...descriptor, size: 2 ** 45 });
        }
        if (key === 'pushErrorScope') {
          return (filter: GPUErrorFilter) => {
            scopes.push(filter);
            target.pushErrorScope(filter);
          };
        }
        if (key === 'popErrorScope') {
          return async () => {
            const refused = scopes.pop() === 'out-of-memory' && state.refuses;
            const error = await target.popErrorScope();
            return refused ? { message: 'no room' } : error;
          };
        }
        // Native methods want the native object as `this`.
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  };
  return state;
}

/** An adapter gives one device only. */
async function adapterAgain(): Promise<GPUAdapter> {
  const gpu = await acquireNodeGpu({ adapter: 'software' });
  return (await gpu.requestAdapter()) ?? expect.fail('no adapter');
}

function deviceOf(model: WebGpuModel): GPUDevice {
  const { parts } = model as unknown as { parts: { device: GPUDevice } }; // private, but all there is to see
  return parts.device;
}
