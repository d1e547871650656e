import { deviceDescriptor, evaluateSize, type Plan, type PlanVariant } from '@casement/runtime';

/** What every WebGPU device offers (https://www.w3.org/TR/webgpu/#limits), as far as compute pipelines see it. */
const DEFAULT_LIMITS = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxUniformBufferBindingSize: 64 * 2 ** 10,
  minStorageBufferOffsetAlignment: 256,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 12,
  maxComputeWorkgroupSizeX: 256,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupsPerDimension: 65535,
  maxComputeWorkgroupStorageSize: 16384,
};

const MAX_THREADS = 2 ** 32; // kernels count threads in a u32

/**
 * Whatever in a bundle a device with the default limits and no features would refuse, with every dim at its bound, as
 * sentences. Nothing is run: sizes are all it takes.
 */
export function beyondDefaultDevice(plan: Plan): string[] {
  // The runtime's own check; GPUSupportedLimits has a brand and members that no plan asks for.
  const limits = DEFAULT_LIMITS as unknown as GPUSupportedLimits;
  deviceDescriptor(plan, { features: new Set<never>(), limits });
  const dims = new Map(Object.entries(plan.signature.dims).map(([name, { max }]) => [name, max]));
  return plan.variants.flatMap((variant) => [
    ...Object.values(variant.kernels).flatMap(uniformProblems),
    ...Object.values(variant.entries).flatMap(({ dispatches }) =>
      dispatches.flatMap((dispatch) => dispatchProblems(variant, dispatch, dims)),
    ),
  ]);
}

function uniformProblems({ file, bindings }: PlanVariant['kernels'][string]): string[] {
  const uniforms = bindings.filter((access) => access === 'uniform').length;
  return uniforms <= DEFAULT_LIMITS.maxUniformBuffersPerShaderStage ? [] : [`${file} binds ${uniforms} uniforms`];
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
