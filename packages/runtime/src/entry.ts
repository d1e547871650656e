import type { BufferSet } from './buffers.ts';
import { RuntimeError } from './error.ts';
import type { DecodeLoop, DispatchList, DispatchPlan, EntryPlan, Size, SpecialList } from './format/plan.ts';
import type { CompiledKernel } from './kernels.ts';
import { type DimValues, evaluateSize } from './size.ts';

/** A dispatch with everything that does not change from run to run. */
export interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly Size[];
  readonly tile: readonly number[];
}

/** A list of dispatches that is ready to be encoded. */
export interface PreparedList {
  readonly outputs: DispatchList['outputs'];
  readonly steps: readonly Step[];
}

/** An entry that is ready to be encoded. */
export interface PreparedEntry {
  readonly plan: EntryPlan;
  readonly general: PreparedList;
  readonly special: readonly PreparedSpecial[];
}

export interface PreparedSpecial extends PreparedList, Pick<SpecialList, 'when'> {
  readonly loop: PreparedLoop | undefined;
}

/** A decode loop, of which more is made ready as more is asked of it. */
export interface PreparedLoop {
  readonly plan: DecodeLoop;
  /** Steps of one of the plan's lists. Throws RuntimeError when the device refuses them. */
  readonly steps: (dispatches: readonly DispatchPlan[]) => Promise<readonly Step[]>;
}

/** The list that an entry runs when its dims have these values. */
export function listFor({ general, special }: PreparedEntry, dims: DimValues): PreparedList {
  return special.find(({ when }) => Object.entries(when).every(([dim, value]) => dims.get(dim) === value)) ?? general;
}

/** Makes the bind groups of an entry. Throws RuntimeError naming the dispatch whose bindings the device refuses. */
export async function prepareEntry(
  device: GPUDevice,
  buffers: BufferSet,
  kernels: ReadonlyMap<string, CompiledKernel>,
  plan: EntryPlan,
): Promise<PreparedEntry> {
  const prepare = async ({ outputs, dispatches }: DispatchList): Promise<PreparedList> => {
    const steps = dispatches.map((dispatch) => prepareStep(device, buffers, kernels, dispatch));
    return { outputs, steps: await Promise.all(steps) };
  };
  const prepareLoop = async (loop: DecodeLoop): Promise<PreparedLoop> => {
    const known = new Map<readonly DispatchPlan[], Promise<readonly Step[]>>();
    const steps = (dispatches: readonly DispatchPlan[]) => {
      const made =
        known.get(dispatches) ?? Promise.all(dispatches.map((it) => prepareStep(device, buffers, kernels, it)));
      known.set(dispatches, made);
      return made;
    };
    await steps(loop.plain.choose);
    return { plan: loop, steps };
  };
  const prepareSpecial = async (list: SpecialList): Promise<PreparedSpecial> => {
    const [prepared, loop] = await Promise.all([prepare(list), list.loop && prepareLoop(list.loop)]);
    return { ...prepared, when: list.when, loop };
  };
  // At once: a list that fails while nobody waits for it yet would be an error that nobody catches.
  const [general, special] = await Promise.all([prepare(plan), Promise.all((plan.special ?? []).map(prepareSpecial))]);
  return { plan, general, special };
}

async function prepareStep(
  device: GPUDevice,
  buffers: BufferSet,
  kernels: ReadonlyMap<string, CompiledKernel>,
  { kernel: id, label, bindings, grid }: DispatchPlan,
): Promise<Step> {
  const kernel = kernels.get(id);
  if (kernel === undefined) throw new RuntimeError('source', `${label} runs kernel "${id}", which the plan lacks`);
  const entries = bindings.map((range, binding) => ({ binding, resource: buffers.binding(range) }));
  device.pushErrorScope('validation');
  const group = device.createBindGroup({ label, layout: kernel.layout, entries });
  const error = await device.popErrorScope();
  if (error) throw new RuntimeError('validation', `${label} (${kernel.spec.file}): ${error.message}`);
  return { pipeline: await kernel.pipeline(), group, grid, tile: kernel.spec.tile };
}

/** Records all dispatches of an entry. Dispatches without work are left out. */
export function encodeSteps(
  pass: GPUComputePassEncoder,
  steps: readonly Step[],
  dims: DimValues,
  maxWorkgroups: number,
): void {
  for (const { pipeline, group, grid, tile } of steps) {
    const counts = grid.map((size, axis) => Math.ceil(evaluateSize(size, dims) / (tile[axis] ?? 1)));
    if (counts.includes(0)) continue;
    const [x = 1, y = 1, z = 1] = counts.length === 1 ? spill(counts[0] ?? 0, maxWorkgroups) : counts;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y, z);
  }
}

/** Workgroups along x and y that are at least `count` together. */
function spill(count: number, max: number): readonly [number, number] {
  return count <= max ? [count, 1] : [max, Math.ceil(count / max)];
}
