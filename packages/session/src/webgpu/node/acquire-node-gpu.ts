import { isMainThread } from 'node:worker_threads';
import { hasVulkanLoader, withSwiftShader } from './swiftshader.ts';

/**
 * Which device to run on.
 * - `auto`: what the machine's own drivers offer, else `software`.
 * - `software`: SwiftShader on the CPU, whatever else there is. Linux on x64 only.
 * - `null`: Dawn's null device. It has every feature and validates shaders and calls, but computes nothing.
 */
export type NodeAdapterKind = 'auto' | 'software' | 'null';

/** Settings of {@link acquireNodeGpu}. */
export interface NodeGpuOptions {
  /** Default `auto`. */
  readonly adapter?: NodeAdapterKind;
}

/**
 * WebGPU in Node, through Dawn: what `navigator.gpu` is in a browser, with at least one adapter. The process has one
 * GPU per kind, kept until it ends; `GPUDevice.destroy()` frees a device's memory, and a live device keeps no process
 * from exiting. The constants (`GPUBufferUsage`, …) are not put on `globalThis`.
 *
 * Needs the npm package `webgpu`; the software adapter needs `@sparticuz/chromium` and `tar-fs` too, and unpacks 15 MB
 * into `$XDG_CACHE_HOME/casement` (default `~/.cache/casement`) the first time.
 *
 * @throws if a package is missing or there is no adapter; the message says what to do.
 */
export function acquireNodeGpu({ adapter = 'auto' }: NodeGpuOptions = {}): Promise<GPU> {
  const gpus = processGpus();
  const known = gpus.get(adapter);
  if (known) return known;
  const gpu = connect(adapter);
  gpus.set(adapter, gpu);
  // A failure is not kept: the user may install what is missing and ask again.
  gpu.catch(() => gpus.delete(adapter));
  return gpu;
}

const PROCESS_GPUS = Symbol.for('casement.nodeGpus');

/**
 * The process's GPUs. Dawn uses freed memory (it crashes or hangs) when the object `create` returned is collected while
 * a device or a promise of it is still alive, and nobody can know when the last one has gone. So it lives as long as the
 * process, on `globalThis`: a module's own variable would go when a test runner or a server reloads the module.
 */
function processGpus(): Map<NodeAdapterKind, Promise<GPU>> {
  // The symbol is this module's own, so nobody else gives the property another type.
  const home = globalThis as { [PROCESS_GPUS]?: Map<NodeAdapterKind, Promise<GPU>> };
  home[PROCESS_GPUS] ??= new Map();
  return home[PROCESS_GPUS];
}

async function connect(kind: NodeAdapterKind): Promise<GPU> {
  const { create } = await import('webgpu').catch((cause: unknown) => {
    throw new Error('WebGPU in Node needs the npm package "webgpu" (Dawn), which did not load: npm install webgpu', {
      cause,
    });
  });
  if (kind === 'null') return create(['backend=null']);
  const native = kind === 'auto' ? await connectNative(create) : undefined;
  return native ?? connectSoftware(create, kind);
}

type Create = (options: string[]) => GPU;

/** Dawn on the machine's own drivers. On Linux it complains on the terminal without a Vulkan loader, so that comes first. */
async function connectNative(create: Create): Promise<GPU | undefined> {
  if (process.platform === 'linux' && !hasVulkanLoader()) return undefined;
  return withAdapter(create([]));
}

/** Dawn on SwiftShader. Dawn looks for Vulkan drivers when an adapter is first requested, and keeps what it found. */
async function connectSoftware(create: Create, kind: NodeAdapterKind): Promise<GPU> {
  try {
    const gpu = await withSwiftShader(() => withAdapter(create(['backend=vulkan'])));
    if (gpu) return gpu;
    throw new Error(isMainThread ? 'Dawn gets none from SwiftShader.' : WORKER_ENVIRONMENT);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const native = kind === 'auto' ? "The machine's own drivers offer none. " : '';
    throw new Error(
      `No WebGPU adapter. ${native}${reason}\nInstead of a software adapter: install a GPU driver (adapter 'auto'), or ` +
        "take adapter 'null', which validates without running.",
      { cause },
    );
  }
}

const WORKER_ENVIRONMENT =
  "A worker's process.env is a copy that the Vulkan loader does not see: start the worker with `env: SHARE_ENV`.";

async function withAdapter(gpu: GPU): Promise<GPU | undefined> {
  return (await gpu.requestAdapter()) ? gpu : undefined;
}
