import { RuntimeError } from './error.ts';
import type { Manifest } from './format/manifest.ts';
import { type BundleOptions, type DeviceChoice, loadBundle } from './loadBundle.ts';
import type { WebGpuModel } from './model.ts';

/** Without a device or an adapter, the browser's adapter for heavy work is taken. */
export type ArtifactOptions = Omit<BundleOptions, 'plan' | 'weights'> &
  (DeviceChoice | { readonly device?: never; readonly adapter?: never });

/**
 * Loads the WebGPU bundle of an artifact, with its weights checked. Throws RuntimeError like `loadBundle`, and when the
 * artifact was not built for WebGPU or there is no adapter.
 */
export async function loadArtifact(manifest: Manifest, options: ArtifactOptions): Promise<WebGpuModel> {
  const { webgpu } = manifest.targets;
  if (webgpu === undefined) {
    throw new RuntimeError(
      'source',
      `"${manifest.name}" was not built for WebGPU; build it with --target webgpu or all`,
    );
  }
  const { device, adapter, ...rest } = options;
  const bundle = { ...rest, plan: webgpu.plan, weights: manifest.weights };
  return loadBundle(device ? { ...bundle, device } : { ...bundle, adapter: adapter ?? (await browserAdapter()) });
}

async function browserAdapter(): Promise<GPUAdapter> {
  // Typed as always there, but browsers without WebGPU have none, and Node has not even a navigator before 21.
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (gpu === undefined) {
    throw new RuntimeError(
      'device',
      'there is no WebGPU here: use a current Chrome, Edge, Safari or Firefox on an https page; in Node give an adapter, ' +
        'from acquireNodeGpu of @casement/session/webgpu-node',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new RuntimeError(
    'device',
    'WebGPU is there but gives no adapter: the GPU or its driver may be on a block list',
  );
}
