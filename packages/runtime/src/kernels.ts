import { RuntimeError, reasonOf } from './error.ts';
import type { BindingAccess, KernelSpec } from './format/plan.ts';
import { COMPUTE_STAGE } from './gpu-constants.ts';
import type { Guard } from './guard.ts';
import { readText, type Source } from './source/source.ts';

export interface CompiledKernel {
  readonly spec: KernelSpec;
  readonly layout: GPUBindGroupLayout;
  /** Compiles it now, if that was left for later; see `KernelSpec.later`. Throws RuntimeError with file, line and message. */
  readonly pipeline: () => Promise<GPUComputePipeline>;
}

const BINDING_TYPES: Record<BindingAccess, GPUBufferBindingType> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  read_write: 'storage',
};

/** Whether a kernel is compiled with the model. */
export function isNeededAtOnce({ later }: KernelSpec): boolean {
  return later !== true;
}

/**
 * Reads all kernels of a variant and compiles those that are needed at once, at the same time, off this thread.
 * `onCompiled` hears how many are done. Throws RuntimeError with file, line and message, once no other kernel is read any
 * more.
 */
export async function compileKernels(
  device: GPUDevice,
  source: Source,
  specs: Readonly<Record<string, KernelSpec>>,
  { signal, all }: Guard,
  onCompiled: (count: number) => void,
): Promise<ReadonlyMap<string, CompiledKernel>> {
  const layoutOf = layoutCache(device);
  const aborted = abortOf(signal);
  let count = 0;
  const compiled = Object.entries(specs).map(async ([id, spec]): Promise<[string, CompiledKernel]> => {
    const code = await readText(source, spec.file, signal);
    const layout = layoutOf(spec.bindings);
    signal.throwIfAborted();
    let compiling: Promise<GPUComputePipeline> | undefined;
    const pipeline = () => {
      compiling ??= compile(device, spec.file, code, layout).catch((error: unknown) => {
        compiling = undefined; // memory may be free the next time
        throw error;
      });
      return compiling;
    };
    if (isNeededAtOnce(spec)) {
      // A compiler cannot be stopped and may take seconds, but it uses nothing that is freed: nobody waits for it in vain.
      await Promise.race([aborted, pipeline()]);
      onCompiled(++count);
    }
    return [id, { spec, layout, pipeline }];
  });
  return new Map(await all(compiled));
}

/** Kernels with equal bindings share a layout. */
function layoutCache(device: GPUDevice): (bindings: readonly BindingAccess[]) => GPUBindGroupLayout {
  const layouts = new Map<string, GPUBindGroupLayout>();
  return (bindings) => {
    const key = bindings.join(' ');
    const known = layouts.get(key);
    if (known) return known;
    const entries = bindings.map(
      (access, binding): GPUBindGroupLayoutEntry => ({
        binding,
        visibility: COMPUTE_STAGE,
        buffer: { type: BINDING_TYPES[access] },
      }),
    );
    const layout = device.createBindGroupLayout({ label: key, entries });
    layouts.set(key, layout);
    return layout;
  };
}

/** Never settles but with the signal's reason, when it aborts. */
function abortOf(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {}); // perhaps nobody compiles then
  return aborted;
}

async function compile(
  device: GPUDevice,
  file: string,
  code: string,
  layout: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: file, code });
  const scope = device.popErrorScope();
  try {
    return await device.createComputePipelineAsync({
      label: file,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const lines = messages
      .filter(({ type }) => type === 'error')
      .map(({ lineNum, linePos, message }) => `${file}:${lineNum}:${linePos}: ${message}`);
    const text = lines.length > 0 ? lines.join('\n') : `${file}: ${reasonOf(cause)}`;
    throw new RuntimeError('kernel', `a kernel does not compile\n${text}`, { cause });
  } finally {
    await scope;
  }
}
