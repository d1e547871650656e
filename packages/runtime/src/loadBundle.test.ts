import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acquireNodeGpu } from '../../session/src/webgpu/node/index.ts';
import { countBuffers } from '../test/countBuffers.ts';
import { tinyFiles, withVariant } from '../test/tinyBundle.ts';
import {
  type LoadProgress,
  loadBundle,
  memorySource,
  type Plan,
  RuntimeError,
  readPlan,
  type Source,
} from './index.ts';

let device: GPUDevice;
beforeAll(async () => {
  const gpu = await acquireNodeGpu({ adapter: 'software' });
  device = (await (await gpu.requestAdapter())?.requestDevice()) ?? expect.fail('no device');
});
afterAll(() => device.destroy());

const x = { dtype: 'f32', shape: [1], data: Float32Array.of(2) } as const;

/** What loading fails with; every buffer must be gone then, and the device must still be good. */
async function failure(
  files: ReadonlyMap<string, string | Uint8Array>,
  options: Partial<Source> = {},
): Promise<string> {
  const counted = countBuffers(device);
  const source = { ...memorySource(files), ...options };
  const error = await loadBundle({ source, device: counted.device }).then(
    () => expect.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  expect(counted.alive()).toBe(0);
  const model = await loadBundle({ source: memorySource(tinyFiles()), device });
  expect((await model.run('push', { x })).y?.data).toEqual(Float32Array.of(6));
  await model.dispose();
  return error instanceof RuntimeError ? `${error.code}: ${error.message}` : String(error);
}

function without(file: string): Map<string, string | Uint8Array> {
  const files = tinyFiles();
  files.delete(file);
  return files;
}

describe('loadBundle', () => {
  it('says what is wrong with the files', async () => {
    expect({
      'no plan': await failure(without('plan.json')),
      'a plan that is no JSON': await failure(new Map([['plan.json', '{']])),
      'a plan of another version': await failure(new Map([['plan.json', '{"format":"casement-plan/9"}']])),
      'no kernel': await failure(without('sum.wgsl')),
      'no weights': await failure(without('weights.bin')),
      'weights that are cut off': await failure(new Map([...tinyFiles(), ['weights.bin', new Uint8Array(5)]])),
    }).toMatchInlineSnapshot(`
      {
        "a plan of another version": "source: plan.json has the format "casement-plan/9", this runtime reads "casement-plan/2"; build the bundle again",
        "a plan that is no JSON": "source: plan.json is no JSON: Expected property name or '}' in JSON at position 1",
        "no kernel": "source: the bundle has no file "sum.wgsl"",
        "no plan": "source: the bundle has no file "plan.json"",
        "no weights": "source: the bundle has no file "weights.bin"",
        "weights that are cut off": "corrupt: weights.bin is too short: 7 bytes are needed from 0 on, 5 came; upload it again",
      }
    `);
  });

  it('shows where a kernel does not compile', async () => {
    const broken = '@compute @workgroup_size(64)\nfn main() {\n  let x = y;\n}';
    const wrongBindings =
      '@group(0) @binding(7) var<uniform> n: u32;\n@compute @workgroup_size(1) fn main() { _ = n; }';
    expect(await failure(tinyFiles(undefined, { 'push.wgsl': broken }))).toMatch(
      /^kernel: a kernel does not compile\npush\.wgsl:3:11: unresolved value 'y'/,
    );
    expect(await failure(tinyFiles(undefined, { 'push.wgsl': wrongBindings }))).toMatch(
      /^kernel: a kernel does not compile\npush\.wgsl: .*binding/s,
    );
  });

  it('names the dispatch whose buffers do not fit', async () => {
    const files = tinyFiles((plan, variant) => {
      const { push } = variant.entries;
      if (push === undefined) return expect.fail('no entry');
      const dispatches = push.dispatches.map((dispatch) => ({ ...dispatch, bindings: dispatch.bindings.slice(1) }));
      return withVariant({ entries: { push: { ...push, dispatches } } })(plan, variant);
    });
    expect(await failure(files)).toMatch(/^validation: y \(layers\.0\) \(scale\.wgsl\): /);
  });

  it('frees everything when the device refuses a buffer', async () => {
    const files = tinyFiles((plan, variant) => {
      const buffers = { ...variant.buffers, arena: { kind: 'arena' as const, bytes: 2 ** 40 } };
      return withVariant({ buffers })(plan, variant);
    });
    expect(await failure(files)).toMatch(
      /^memory: the device refuses 1 buffers of a model that takes 1099511628800 bytes; .*\n {2}arena \(1099511627776 bytes\): /,
    );
  });

  it('checks features and limits before it reads anything else', async () => {
    const files = tinyFiles((plan, variant) => ({
      ...plan,
      variants: [
        { ...variant, name: 'f16', requires: { features: ['shader-f16'], limits: {} } },
        {
          ...variant,
          requires: { features: [], limits: { maxBufferSize: 2 ** 50, maxStorageBuffersPerShaderStage: 4 } },
        },
      ],
    }));
    const read: string[] = [];
    const source = memorySource(files);
    const watched = (file: string) => {
      read.push(file);
      return source.read(file);
    };
    expect(await failure(files, { read: watched, readRange: watched })).toBe(
      'device: this device cannot run "tiny"\n' +
        '  variant "f16": needs the feature "shader-f16"\n' +
        '  variant "portable": needs maxBufferSize ≥ 1125899906842624, the device has 268435456\n' +
        '  take another device, or build for smaller capacities or a smaller dtype',
    );
    expect(read).toEqual(['plan.json']);
  });

  it('takes the first variant that the device can run', async () => {
    const files = tinyFiles((plan, variant) => ({
      ...plan,
      variants: [
        { ...variant, name: 'best', requires: { features: ['shader-f16'], limits: {} } },
        { ...variant, name: 'good' },
        variant,
      ],
    }));
    const model = await loadBundle({ source: memorySource(files), device });
    expect(model.variant).toBe('good');
    await model.dispose();
  });

  it('stops when it is told to, and frees everything', async () => {
    const counted = countBuffers(device);
    const abort = new AbortController();
    const files = memorySource(tinyFiles());
    const source: Source = {
      ...files,
      readRange: async (file, offset, length) => {
        abort.abort(new Error('the user left'));
        return (await files.read(file)).subarray(offset, offset + length);
      },
    };
    const load = loadBundle({ source, device: counted.device, signal: abort.signal });
    await expect(load).rejects.toThrow('the user left');
    expect(counted.alive()).toBe(0);
  });

  it('stops measuring variants when it is told to, and frees what was measured', async () => {
    const files = tinyFiles((plan, variant) => {
      const { push } = plan.signature.entries;
      const x = push?.inputs.x ?? expect.fail('no input');
      const { x: place = expect.fail('no place') } = variant.entries.push?.inputs ?? {};
      const entries = { push: { ...(variant.entries.push ?? expect.fail('no entry')), inputs: { input_ids: place } } };
      const renamed = { push: { ...push, inputs: { input_ids: x } } };
      const signature = { ...plan.signature, entries: renamed } as Plan['signature']; // push is there: x is
      return { ...plan, signature, variants: ['a', 'b'].map((name) => ({ ...variant, name, entries })) };
    });
    const counted = countBuffers(device);
    const abort = new AbortController();
    const now = () => {
      abort.abort(new Error('the user left'));
      return 0;
    };
    const options = { source: memorySource(files), device: counted.device, signal: abort.signal, tune: { now } };
    await expect(loadBundle(options)).rejects.toThrow('the user left');
    expect([counted.created(), counted.alive()]).toEqual([4, 0]);
  });

  it('reads weights without hashes in parts, also without ranges, and reports progress', async () => {
    const bytes = 10 * 2 ** 20 + 4;
    const weights = new Uint8Array(bytes + 3);
    new DataView(weights.buffer).setFloat32(bytes - 1, 5, true);
    const files = tinyFiles((plan, variant) => {
      const { push } = variant.entries;
      if (push === undefined) return expect.fail('no entry');
      const last = { buffer: 'weights', offset: 10 * 2 ** 20, bytes: 4 };
      const dispatches = push.dispatches.map((dispatch) => ({
        ...dispatch,
        bindings: dispatch.bindings.map((range) => (range.buffer === 'weights' ? last : range)),
      }));
      return withVariant({
        buffers: { ...variant.buffers, weights: { kind: 'weights', bytes: bytes + 252 } },
        uploads: [{ file: 'weights.bin', byteOffset: 3, byteLength: bytes, buffer: 'weights', offset: 0 }],
        entries: { push: { ...push, dispatches } },
      })(plan, variant);
    });
    files.set('weights.bin', weights);
    for (const ranges of [true, false]) {
      const { read, readRange } = memorySource(files);
      const lengths: number[] = [];
      const counted: Source['readRange'] = (file, offset, length) => {
        lengths.push(length);
        return readRange?.(file, offset, length) ?? expect.fail('no ranges');
      };
      const progress: LoadProgress[] = [];
      const source = ranges ? { read, readRange: counted } : { read };
      const model = await loadBundle({ source, device, onProgress: (at) => progress.push(at) });
      expect((await model.run('push', { x })).y?.data).toEqual(Float32Array.of(10));
      await model.dispose();
      const loaded = new Set(progress.map(({ weights }) => weights.loaded));
      expect([...loaded]).toEqual([0, 4 * 2 ** 20 - 3, 8 * 2 ** 20 - 3, bytes]);
      expect(progress.at(-1)).toEqual({
        weights: { loaded: bytes, cached: 0, total: bytes },
        kernels: { loaded: 3, total: 3 },
      });
      if (ranges) expect(lengths).toEqual([4 * 2 ** 20, 4 * 2 ** 20, bytes + 3 - 8 * 2 ** 20]);
    }
  });

  it('stops reading weights when a kernel does not compile', async () => {
    let stopped = false;
    const files = tinyFiles(undefined, { 'push.wgsl': 'not wgsl' });
    const readRange: Source['readRange'] = (_file, _offset, _length, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          stopped = true;
          reject(signal.reason);
        });
      });
    expect(await failure(files, { readRange })).toMatch(/^kernel: a kernel does not compile\npush\.wgsl:1:/);
    expect(stopped).toBe(true);
  });

  it('fails only when nothing is read any more', async () => {
    const files = memorySource(tinyFiles());
    let reading = 0;
    const slow: Source['read'] = async (file) => {
      if (file === 'push.wgsl') throw new Error('not there');
      reading++;
      if (file !== 'plan.json') await new Promise((resolve) => setTimeout(resolve, 20));
      reading--;
      return files.read(file);
    };
    await expect(loadBundle({ source: { read: slow }, device })).rejects.toThrow('not there');
    expect(reading).toBe(0);
  });

  it('does not wait for a piece that hangs when a later one fails', async () => {
    const spec = { bytes: 5, sha256: ['0', '0', '0'] };
    const weights = { bytes: 11, shards: [{ file: 'weights.bin', bytes: 11, sha256: '0', chunks: spec }] };
    const readRange: Source['readRange'] = async (_file, offset, _length, signal) => {
      if (offset === 5) throw new Error('gone');
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
    const source = { ...memorySource(tinyFiles()), readRange };
    await expect(loadBundle({ source, device, weights })).rejects.toThrow('gone');
  });

  it('refuses a plan that names files elsewhere', async () => {
    const upload = { file: '../../weights.bin', byteOffset: 0, byteLength: 4, buffer: 'weights', offset: 0 };
    expect(await failure(tinyFiles((plan, variant) => withVariant({ uploads: [upload] })(plan, variant)))).toBe(
      'source: plan.json names the file "../../weights.bin", which is not a plain name in the bundle\'s own folder',
    );
  });
});

it('reads a plan by itself', async () => {
  expect((await readPlan(memorySource(tinyFiles()))).name).toBe('tiny');
});
