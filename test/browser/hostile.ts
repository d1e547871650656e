import {
  clearCachedModels,
  fetchSource,
  type LoadOptions,
  type LoadProgress,
  listCachedModels,
  loadBundle,
  type WebGpuModel,
  type WeightsSpec,
} from '@casement/runtime';

/** What a load is told, and where it is disturbed. */
export interface Attempt {
  readonly url: string;
  readonly weights?: WeightsSpec;
  /** Keeps weights in the browser's cache. */
  readonly keeps?: boolean;
  readonly silence?: number;
  /** `abort` or `lose`: when this call of WebGPU is made for the nth time (from 1), or this many bytes are loaded. */
  readonly disturb?: { readonly how: 'abort' | 'lose' | 'full'; readonly at: string; readonly nth?: number };
  /** Loads onto a device of the caller's, which goes on to be used. */
  readonly shared?: boolean;
}

export interface Outcome {
  readonly y?: number;
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
  /** Buffers that were made and not destroyed. */
  readonly alive: number;
  readonly created: number;
  readonly cached?: number;
  readonly cacheProblem?: string;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Where each call of WebGPU that may be disturbed is found. */
const CALLS = () => ({
  requestDevice: GPUAdapter.prototype,
  createBuffer: GPUDevice.prototype,
  createShaderModule: GPUDevice.prototype,
  createComputePipelineAsync: GPUDevice.prototype,
  createBindGroup: GPUDevice.prototype,
  popErrorScope: GPUDevice.prototype,
  writeBuffer: GPUQueue.prototype,
  submit: GPUQueue.prototype,
  mapAsync: GPUBuffer.prototype,
  onSubmittedWorkDone: GPUQueue.prototype,
});

/** Replaces a method until the returned function is called. */
function patch(owner: object, name: string, replacement: (native: Method) => Method): () => void {
  const native = Reflect.get(owner, name) as Method; // the names above
  Object.defineProperty(owner, name, { value: replacement(native), configurable: true, writable: true });
  return () => Object.defineProperty(owner, name, { value: native, configurable: true, writable: true });
}

/** Loads a bundle, runs it, and frees it; counts buffers from outside. */
export async function attempt({ url, weights, keeps, silence, disturb, shared }: Attempt): Promise<Outcome> {
  const alive = new Set<object>();
  const devices: GPUDevice[] = [];
  let created = 0;
  const abort = new AbortController();
  const undo = [
    patch(GPUDevice.prototype, 'createBuffer', (native) => {
      return function (...args) {
        const buffer = native.apply(this, args) as object;
        alive.add(buffer);
        created++;
        return buffer;
      };
    }),
    patch(GPUBuffer.prototype, 'destroy', (native) => {
      return function (...args) {
        alive.delete(this);
        return native.apply(this, args);
      };
    }),
    patch(GPUAdapter.prototype, 'requestDevice', (native) => {
      return async function (...args) {
        const device = (await native.apply(this, args)) as GPUDevice;
        devices.push(device);
        return device;
      };
    }),
  ];
  const act = (): void => {
    if (disturb?.how === 'abort') abort.abort();
    else for (const device of devices) device.destroy();
  };
  const owner = disturb && Object.entries(CALLS()).find(([name]) => name === disturb.at)?.[1];
  if (disturb && owner && disturb.how !== 'full') {
    let left = disturb.nth ?? 1;
    undo.push(
      patch(owner, disturb.at, (native) => {
        return function (...args) {
          if (--left === 0) act();
          return native.apply(this, args);
        };
      }),
    );
  }
  if (disturb?.how === 'full') {
    // No memory of the GPU can be filled up here for sure; what the browser would say then is said instead.
    let open: string[] = [];
    let made = 0;
    undo.push(
      patch(GPUDevice.prototype, 'pushErrorScope', (native) => {
        return function (...args) {
          open = [...open, String(args[0])];
          return native.apply(this, args);
        };
      }),
      patch(owner ?? GPUDevice.prototype, disturb.at, (native) => {
        return function (...args) {
          made++;
          return native.apply(this, args);
        };
      }),
      patch(GPUDevice.prototype, 'popErrorScope', (native) => {
        return async function (...args) {
          const filter = open.at(-1);
          open = open.slice(0, -1);
          const full = filter === 'out-of-memory' && made >= (disturb.nth ?? 1);
          if (full) made = -Infinity;
          const error = await native.apply(this, args);
          return full ? new GPUOutOfMemoryError('no room') : error;
        };
      }),
    );
  }
  let last: LoadProgress | undefined;
  let model: WebGpuModel | undefined;
  let result: Pick<Outcome, 'y' | 'error'> = {};
  try {
    const adapter = (await navigator.gpu.requestAdapter()) ?? (await Promise.reject(new Error('no adapter')));
    const device = shared ? await adapter.requestDevice() : undefined;
    const options: Omit<LoadOptions, 'device' | 'adapter'> = {
      source: fetchSource(url, { retryDelays: [10, 10, 10], ...(silence ? { silence } : {}) }),
      cache: keeps ? 'auto' : 'none',
      signal: abort.signal,
      onProgress: (progress) => {
        last = progress;
        if (disturb?.at === 'weights' && progress.weights.loaded >= (disturb.nth ?? 1)) act();
        if (disturb?.at === 'kernels' && progress.kernels.loaded >= (disturb.nth ?? 1)) act();
      },
      ...(weights ? { weights } : {}),
    };
    if (disturb?.at === 'begin') queueMicrotask(act);
    model = await loadBundle(device ? { ...options, device } : { ...options, adapter });
    const x = { dtype: 'f32', shape: [1], data: Float32Array.of(2) } as const;
    const { y } = await model.run('push', { x });
    result = { y: y?.data[0] ?? Number.NaN };
  } catch (thrown) {
    const { name, code, message } = thrown as Error & { code?: string }; // all that is thrown here is an Error
    result = { error: { name, message, ...(typeof code === 'string' ? { code } : {}) } };
  } finally {
    await model?.dispose();
    for (const restore of undo.reverse()) restore();
  }
  const { cacheProblem, weights: loaded } = last ?? {};
  return {
    ...result,
    alive: alive.size,
    created,
    ...(loaded ? { cached: loaded.cached } : {}),
    ...(cacheProblem ? { cacheProblem } : {}),
  };
}

/** Bytes of all models that the browser keeps. */
export async function keptBytes(): Promise<number> {
  return (await listCachedModels()).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Damages every chunk that the browser keeps. */
export async function damageKept(): Promise<void> {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (/\/[0-9a-f]{64}$/.test(request.url)) await cache.put(request, new Response('damaged'));
    }
  }
}

/** Forgets all that the browser keeps. */
export function forget(): Promise<void> {
  return clearCachedModels();
}
