import { type Graph, IrError, type Program, type Value } from '@casement/ir';
import type {
  BufferRange,
  BufferSpec,
  DecodeLoop,
  DispatchPlan,
  EntryPlan,
  Plan,
  PlanVariant,
} from '@casement/runtime';
import { LoopPlan, type LoweredLoop } from './decodeLoop.ts';
import { type ListPlan, type LoweredEntry, lowerEntry, type ProgramPlans, type Step } from './entryLowering.ts';
import { formatPlan } from './formatPlan.ts';
import { fuse } from './fusion/fuse.ts';
import { paramsOf } from './fusion/lowerProjection.ts';
import { resultsPerUnit } from './fusion/threads.ts';
import { KernelFiles } from './kernelFiles.ts';
import { ArenaPlan } from './memory/arenaPlan.ts';
import { ConstantPlan } from './memory/constants.ts';
import { InputPlan } from './memory/inputs.ts';
import { StatePlan } from './memory/states.ts';
import { type WeightLocation, WeightPlan } from './memory/weights.ts';
import type { Block, Operand, Place } from './operand.ts';
import { type DeviceProfile, portableProfile } from './profile.ts';
import { type BundleReport, type EntryReport, type ListReport, reportBundle } from './report.ts';
import { planSignature } from './signature.ts';
import { planSize } from './size.ts';
import { choiceDims, decodeDims, specialise } from './specialise.ts';
import { workgroupUse } from './wgsl/workgroupUse.ts';

export interface WebGpuOptions {
  /** Where each param's bytes lie, by its name. Params that no entry uses need none. */
  readonly weights: ReadonlyMap<string, WeightLocation>;
  /** The devices to build for. Default: every WebGPU device. */
  readonly profile?: DeviceProfile;
}

export interface WebGpuBundle {
  /** `plan.json`, the kernels and the constants, by file name. Weights are read from where they are. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly plan: Plan;
  readonly report: BundleReport;
}

/**
 * Lowers a verified program, whose composite ops are expanded but for `loweredWhole`, to a WebGPU bundle. Writes
 * nothing. Throws IrError, with the node's scope and place, for what this target cannot run.
 */
export function lowerToWebGpu(program: Program, options: WebGpuOptions): WebGpuBundle {
  const profile = options.profile ?? portableProfile;
  const plans: ProgramPlans = {
    program,
    profile,
    weights: new WeightPlan(options.weights, profile),
    constants: new ConstantPlan(),
    states: new StatePlan(program, profile),
    inputs: new InputPlan(program, profile.limits),
  };
  const lists = [...program.entries.values()].map((graph) => listsOf(plans, graph));
  // First what runs most often: what it reads lies together.
  for (const { special } of lists) for (const list of special) placeWeights(plans, list);
  for (const { general } of lists) placeWeights(plans, general);
  const kernels = new KernelFiles([...program.dims.keys()]);
  const arena = new ArenaPlan(profile.limits);
  const loops = new LoopPlan();
  const entries: Record<string, EntryPlan> = {};
  const reports: Record<string, EntryReport> = {};
  const placed = (list: ListPlan): PlacedList => {
    const entry = lowerEntry(plans, list);
    const { places, use } = arena.place(entry);
    const planned = planEntry(entry, new Places(places), kernels, plans.inputs.dims);
    const report = { dispatches: planned.dispatches.length, arena: use, notes: list.fused.fusion.notes };
    return { entry, places: new Places(places), planned, report };
  };
  const lowered = lists.map(({ general, special }) => {
    const { entry, planned, report } = placed(general);
    const others = special.map((list) => {
      const { entry, places, planned, report } = placed(list);
      const when = Object.fromEntries(list.when);
      const lowered = loops.lower(program, profile, list, entry);
      const loop = lowered && planLoop(lowered, places, kernels, plans.inputs.dims);
      const { outputs, dispatches } = planned;
      return { list: { when, outputs, dispatches, ...(loop ? { loop } : {}) }, report: { when, ...report } };
    });
    const { name } = entry.graph;
    entries[name] = { ...planned, ...(others.length > 0 ? { special: others.map(({ list }) => list) } : {}) };
    reports[name] = { ...report, special: others.map((other) => other.report) };
    return entry;
  });
  const buffers = [plans.weights, plans.constants, plans.states, plans.inputs, arena, loops].flatMap((plan) => [
    ...plan.buffers,
  ]);
  const variant: Omit<PlanVariant, 'requires'> = {
    name: profile.name,
    buffers: Object.fromEntries(buffers),
    uploads: [...plans.weights.uploads, ...plans.constants.uploads],
    kernels: kernels.specs,
    entries,
  };
  const plan: Plan = {
    format: 'casement-plan/2',
    name: program.name,
    signature: planSignature(program, lowered),
    variants: [{ ...variant, requires: { features: [...profile.features], limits: neededLimits(variant, kernels) } }],
  };
  const files = new Map<string, string | Uint8Array>([
    ['plan.json', formatPlan(plan)],
    ...kernels.files,
    ...plans.constants.files,
  ]);
  return { files, plan, report: reportBundle(variant, reports) };
}

interface PlacedList {
  readonly entry: LoweredEntry;
  readonly places: Places;
  readonly planned: EntryPlan;
  readonly report: ListReport;
}

interface SpecialList extends ListPlan {
  readonly when: ReadonlyMap<string, number>;
}

/** The lists of dispatches that an entry gets: one for all runs, and others for runs in which dims are 1. */
function listsOf(
  plans: ProgramPlans,
  graph: Graph,
): { readonly general: ListPlan; readonly special: readonly SpecialList[] } {
  const inputs = plans.inputs.place(graph);
  const { limits } = plans.profile;
  const isWhole = (param: Value) => plans.weights.isWhole(param);
  const rangesOf = (states: readonly string[]) => plans.states.rangesOf(states, limits.maxStorageBufferBindingSize);
  const fused = (own: Graph) => fuse(own, { isWhole, rangesOf, limits, results: resultsPerUnit(plans.profile) });
  const special = [decodeDims(plans.program, graph), choiceDims(plans.program, graph)].flatMap(
    (when): SpecialList[] => {
      if (when === undefined) return [];
      const own = specialise(graph, when).graph;
      return [{ graph: own, inputs: plans.inputs.specialise(inputs, own), fused: fused(own), when }];
    },
  );
  return { general: { graph, inputs, fused: fused(graph) }, special };
}

/** Params that one kernel reads lie next to each other. */
function placeWeights({ weights }: ProgramPlans, { graph, fused }: ListPlan): void {
  for (const projection of fused.fusion.projections) {
    const [first] = projection.sections[0]?.linears ?? [];
    weights.placeTogether(paramsOf(projection), (problem) => {
      return new IrError(`entry ${graph.name}: ${problem}`, first?.origin);
    });
  }
}

/** Turns blocks into ranges of buffers. */
class Places {
  constructor(private readonly arena: ReadonlyMap<Block, Place>) {}

  /** Sizes are rounded up to whole vectors; buffers have room for that. */
  range(block: Block): BufferRange {
    const place = block.place ?? this.arena.get(block);
    if (place === undefined) throw new RangeError(`"${block.name}" has no place in memory`);
    return { ...place, bytes: Math.max(16, Math.ceil(block.bytes / 16) * 16) };
  }

  ranges<K extends string>(operands: Iterable<readonly [K, Operand]>): Record<string, BufferRange> {
    return Object.fromEntries([...operands].map(([name, { block }]) => [name, this.range(block)]));
  }
}

function planEntry(entry: LoweredEntry, places: Places, kernels: KernelFiles, dims: BufferRange): EntryPlan {
  return {
    inputs: places.ranges([...entry.inputs].map(([{ name }, operand]) => [name, operand])),
    outputs: places.ranges(entry.outputs),
    dispatches: entry.steps.map((step) => planDispatch(step, places, kernels, dims)),
  };
}

/** Only the plain choice of the likeliest token is compiled at once. */
function planLoop(loop: LoweredLoop, places: Places, kernels: KernelFiles, dims: BufferRange): DecodeLoop {
  const now = (steps: readonly Step[]) => steps.map((step) => planDispatch(step, places, kernels, dims));
  const later = (steps: readonly Step[]) => steps.map((step) => planDispatch(step, places, kernels, dims, 'later'));
  const { plain, scored, blocks } = loop;
  return {
    settings: places.range(blocks.settings),
    facts: places.range(blocks.facts),
    newest: places.range(blocks.newest),
    chosen: places.range(blocks.chosen),
    plain: { score: later(plain.score), threshold: later(plain.threshold), choose: now(plain.choose) },
    scored: { score: later(scored.score), threshold: later(scored.threshold), choose: later(scored.choose) },
  };
}

function planDispatch(
  { kernel, label, blocks, grid }: Step,
  places: Places,
  kernels: KernelFiles,
  dims: BufferRange,
  when: 'now' | 'later' = 'now',
): DispatchPlan {
  return {
    kernel: kernels.add(kernel, label, when),
    label,
    grid: grid.map(planSize),
    bindings: [...blocks.map((block) => places.range(block)), ...(kernels.usesDims(kernel) ? [dims] : [])],
  };
}

/** The least values of WebGPU's limits with which the variant runs. */
function neededLimits(
  { buffers, kernels, entries }: Omit<PlanVariant, 'requires'>,
  { files }: KernelFiles,
): Record<string, number> {
  const lists = Object.values(entries).flatMap((entry) => [entry, ...(entry.special ?? [])]);
  const bindings = lists.flatMap(({ dispatches }) => dispatches.flatMap((step) => step.bindings));
  const storageCounts = Object.values(kernels).map((kernel) => kernel.bindings.filter((it) => it !== 'uniform').length);
  const groups = [...files.values()].map(workgroupUse);
  const threads = largest(groups.map((group) => group.threads));
  return {
    maxBufferSize: largest(Object.values(buffers).map(({ bytes }: BufferSpec) => bytes)),
    maxStorageBufferBindingSize: largest(bindings.map(({ bytes }) => bytes)),
    maxStorageBuffersPerShaderStage: largest(storageCounts),
    maxComputeWorkgroupSizeX: threads,
    maxComputeInvocationsPerWorkgroup: threads,
    maxComputeWorkgroupStorageSize: largest(groups.map(({ bytes }) => bytes)),
  };
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
