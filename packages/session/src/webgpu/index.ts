import { type LoadOptions, loadBundle, type WebGpuModel } from '@casement/runtime';
import { checkInputs } from '../check.ts';
import type { Executor, ModelSignature } from '../executor.ts';

export { countGpu, type GpuCounter, type GpuCounts } from './countGpu.ts';

/** `signature`: the artifact's manifest is one. */
export type WebGpuExecutorOptions = LoadOptions & { readonly signature: ModelSignature };

/** Loads an artifact's WebGPU bundle onto a device. Throws RuntimeError when the device cannot run it. */
export async function webgpuExecutor({ signature, ...options }: WebGpuExecutorOptions): Promise<Executor> {
  return executorOf(await loadBundle(options), signature);
}

/** A loaded model as an executor; whoever disposes of one disposes of both. `signature`: the artifact's manifest is one. */
export function executorOf(
  model: Pick<WebGpuModel, 'lengths' | 'run' | 'reset' | 'dispose'> &
    Partial<Pick<WebGpuModel, 'decode' | 'whyNotDecode'>>,
  signature: ModelSignature,
): Executor {
  return {
    target: 'webgpu',
    signature,
    get lengths() {
      return model.lengths;
    },
    run: async (entry, inputs, runOptions = {}) => {
      const outputs = checkInputs(signature, entry, inputs, runOptions.outputs);
      return model.run(entry, inputs, { ...runOptions, outputs });
    },
    decode: async (entry, start) => model.decode?.(entry, start),
    whyNotDecode: (entry, choice) => model.whyNotDecode?.(entry, choice),
    reset: (dim) => model.reset(dim),
    dispose: () => model.dispose(),
  };
}
