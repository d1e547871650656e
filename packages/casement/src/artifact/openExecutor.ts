import { pathToFileURL } from 'node:url';
import { fileSource } from '@casement/runtime';
import type { Executor } from '@casement/session';
import { onnxExecutor } from '@casement/session/onnx';
import { webgpuExecutor } from '@casement/session/webgpu';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { UserError } from '../error.ts';
import type { Target } from './compile.ts';
import { readManifest } from './manifest.ts';

export interface OpenExecutorOptions {
  /** The device class whose kernels WebGPU takes, such as `gpu`; default: the one that is made for the adapter. */
  readonly variant?: string | undefined;
}

/**
 * Loads an artifact folder: on ONNX Runtime, or with WebGPU on this machine's adapter (SwiftShader where it has none).
 * Throws UserError when the folder was not built for the target, and RuntimeError when it has no such variant or the device
 * cannot run it.
 */
export async function openExecutor(
  dir: string,
  target: Target,
  { variant }: OpenExecutorOptions = {},
): Promise<Executor> {
  const manifest = await readManifest(dir);
  const { onnx, webgpu } = manifest.targets;
  if (target === 'onnx' && variant !== undefined) throw new UserError('--variant is for WebGPU; add --target webgpu');
  if (target === 'onnx' && onnx) return onnxExecutor({ signature: manifest, target: onnx, files: dir });
  if (target === 'webgpu' && webgpu) {
    const adapter = await (await acquireNodeGpu()).requestAdapter();
    if (adapter === null) throw new UserError('WebGPU gives no adapter on this machine; use --target onnx');
    const { weights } = manifest;
    const source = fileSource(pathToFileURL(dir));
    const chosen = variant === undefined ? {} : { variant };
    return webgpuExecutor({ signature: manifest, source, plan: webgpu.plan, weights, adapter, ...chosen });
  }
  const built = Object.keys(manifest.targets).join(' and ') || 'nothing';
  throw new UserError(`${dir} was built for ${built}, not for ${target}; build it with --target ${target} or all`);
}
