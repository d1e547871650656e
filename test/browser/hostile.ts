import {
  clearCachedModels,
  fetchSource,
  type LoadProgress,
  listCachedModels,
  loadBundle,
  type WebGpuModel,
  type WeightsSpec,
} from '@casement/runtime';
import { type Disturbance, watchGpu } from './disturb.ts';

/** What a load is told, and where it is disturbed. */
export interface Attempt {
  readonly url: string;
  readonly weights: WeightsSpec;
  /** Keeps weights in the browser's cache. */
  readonly keeps?: boolean;
  readonly silence?: number;
  readonly disturb?: Disturbance;
  /** Loads onto a device of the caller's. */
  readonly shared?: boolean;
}

export interface Outcome {
  readonly y?: number;
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
  /** Buffers that were made and not destroyed. */
  readonly alive: number;
  readonly created: number;
  /** Bytes that came out of the cache. */
  readonly cached?: number;
  readonly cacheProblem?: string;
}

const UNDISTURBED: Disturbance = { how: 'abort', at: 'nothing' };

/** Loads a bundle, runs it, and frees it; counts buffers from outside. */
export async function attempt(options: Attempt): Promise<Outcome> {
  const { at, how, nth = 1 } = options.disturb ?? UNDISTURBED;
  const abort = new AbortController();
  const act = (): void => {
    if (how === 'abort') abort.abort();
    else for (const device of gpu.devices) device.destroy();
  };
  const gpu = watchGpu({ at, how, nth }, act);
  let last: LoadProgress | undefined;
  const onProgress = (progress: LoadProgress) => {
    last = progress;
    if ((at === 'weights' || at === 'kernels') && progress[at].loaded >= nth) act();
  };
  const begin = () => {
    if (at === 'begin') queueMicrotask(act);
  };
  let result: Pick<Outcome, 'y' | 'error'>;
  try {
    result = { y: await loadAndRun(options, abort.signal, onProgress, begin) };
  } catch (thrown) {
    const { name, code, message } = thrown as Error & { code?: string }; // all that is thrown here is an Error
    result = { error: { name, message, ...(typeof code === 'string' ? { code } : {}) } };
  } finally {
    gpu.undo();
  }
  return {
    ...result,
    alive: gpu.alive.size,
    created: gpu.created(),
    ...(last ? { cached: last.weights.cached } : {}),
    ...(last?.cacheProblem ? { cacheProblem: last.cacheProblem } : {}),
  };
}

async function loadAndRun(
  { url, weights, keeps, silence = 30_000, shared }: Attempt,
  signal: AbortSignal,
  onProgress: (progress: LoadProgress) => void,
  begin: () => void,
): Promise<number> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  const source = fetchSource(url, { retryDelays: [10, 10, 10], silence });
  const options = { source, weights, signal, onProgress, cache: keeps ? 'auto' : 'none' } as const;
  const device = shared ? await adapter.requestDevice() : undefined;
  begin();
  let model: WebGpuModel | undefined;
  try {
    model = await loadBundle(device ? { ...options, device } : { ...options, adapter });
    const { y } = await model.run('push', { x: { dtype: 'f32', shape: [1], data: Float32Array.of(2) } });
    return y?.data[0] ?? Number.NaN;
  } finally {
    await model?.dispose();
  }
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
