import { deviceDescriptor, evaluateSize, type Plan, type PlanVariant } from '@casement/runtime';

/** What every WebGPU device offers (https://www.w3.org/TR/webgpu/#limits), as far as compute pipelines see it. */
const DEFAULT_LIMITS = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxUniformBufferBindingSize: 64 * 2 ** 10,
  minStorageBufferOffsetAlignment: 256,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 12,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupsPerDimension: 65535,
  maxComputeWorkgroupStorageSize: 16384,
};

const MAX_THREADS = 2 ** 32; // kernels count threads in a u32

/**
 * Whatever in a bundle a device with the default limits and no features would refuse, with every dim at its bound, as
 * sentences. Nothing is run: sizes are all it takes.
 */
export function beyondDefaultDevice(plan: Plan, files: ReadonlyMap<string, string | Uint8Array>): string[] {
  // The runtime's own check; GPUSupportedLimits has a brand and members that no plan asks for.
  const limits = DEFAULT_LIMITS as unknown as GPUSupportedLimits;
  deviceDescriptor(plan, { features: new Set<never>(), limits });
  const dims = new Map(Object.entries(plan.signature.dims).map(([name, { max }]) => [name, max]));
  return plan.variants.flatMap((variant) => [
    ...Object.entries(variant.buffers)
      .filter(([, { bytes }]) => bytes > DEFAULT_LIMITS.maxBufferSize)
      .map(([name, { bytes }]) => `buffer ${name} has ${bytes} bytes`),
    ...Object.values(variant.kernels).flatMap((kernel) => kernelProblems(kernel, String(files.get(kernel.file)))),
    ...Object.values(variant.entries).flatMap(({ dispatches }) =>
      dispatches.flatMap((dispatch) => dispatchProblems(variant, dispatch, dims)),
    ),
  ]);
}

function kernelProblems({ file, bindings }: PlanVariant['kernels'][string], code: string): string[] {
  const uniforms = bindings.filter((access) => access === 'uniform').length;
  const storage = bindings.length - uniforms;
  const [, size] = /@workgroup_size\(([\d, ]+)\)/.exec(code) ?? [];
  const invocations = size?.split(',').reduce((product, part) => product * Number(part), 1) ?? Number.NaN;
  return [
    ...(storage <= DEFAULT_LIMITS.maxStorageBuffersPerShaderStage ? [] : [`${file} binds ${storage} storage buffers`]),
    ...(uniforms <= DEFAULT_LIMITS.maxUniformBuffersPerShaderStage ? [] : [`${file} binds ${uniforms} uniforms`]),
    ...(invocations <= DEFAULT_LIMITS.maxComputeInvocationsPerWorkgroup ? [] : [`${file} has workgroups of ${size}`]),
    ...sharedMemoryProblems(file, code),
  ];
}

function sharedMemoryProblems(file: string, code: string): string[] {
  const bytes = [...code.matchAll(/var<workgroup> \w+: ([^;]*);/g)].reduce(
    (sum, [, type = '']) => sum + sizeOf(type),
    0,
  );
  if (bytes <= DEFAULT_LIMITS.maxComputeWorkgroupStorageSize) return [];
  return [`${file} has ${Number.isNaN(bytes) ? 'an unknown number of' : bytes} bytes of shared memory`];
}

/** Bytes of a WGSL type made of numbers, vectors of four or two, and arrays; NaN for any other. */
function sizeOf(type: string): number {
  const [, element, length] = /^array<(.*), (\d+)u?>$/.exec(type) ?? [];
  if (element !== undefined) return sizeOf(element) * Number(length);
  const [, width] = /^vec([24])(?:[fiu]|<[fiu]32>)$/.exec(type) ?? [];
  if (width !== undefined) return 4 * Number(width);
  return /^(?:[fiu]32|atomic<[iu]32>)$/.test(type) ? 4 : Number.NaN;
}

type Dispatch = PlanVariant['entries'][string]['dispatches'][number];

function dispatchProblems(
  { kernels, buffers }: PlanVariant,
  { kernel, label, grid, bindings }: Dispatch,
  dims: ReadonlyMap<string, number>,
): string[] {
  const { bindings: access, tile } = kernels[kernel] ?? { bindings: [], tile: [] };
  const threads = grid.map((size) => evaluateSize(size, dims));
  const groups = threads.map((count, axis) => Math.ceil(count / (tile[axis] ?? 1)));
  const most = DEFAULT_LIMITS.maxComputeWorkgroupsPerDimension;
  const largest = groups.length === 1 ? Math.ceil(Math.sqrt(groups[0] ?? 0)) : Math.max(...groups);
  const wrongRange = bindings.find(({ buffer, offset, bytes }, i) => {
    const { maxUniformBufferBindingSize: uniform, maxStorageBufferBindingSize: storage } = DEFAULT_LIMITS;
    const tooLarge = bytes > (access[i] === 'uniform' ? uniform : storage);
    const odd = offset % DEFAULT_LIMITS.minStorageBufferOffsetAlignment !== 0;
    return tooLarge || odd || !(offset + bytes <= (buffers[buffer]?.bytes ?? 0));
  });
  return [
    ...(wrongRange ? [`${label} binds ${JSON.stringify(wrongRange)}`] : []),
    ...(largest <= most ? [] : [`${label} has ${groups} workgroups`]),
    ...(threads.reduce((product, count) => product * count, 1) < MAX_THREADS
      ? []
      : [`${label} has ${threads} threads`]),
  ];
}
