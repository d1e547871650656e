import { BufferSet } from './buffers.ts';
import { WeightCache } from './cache/weightCache.ts';
import { deviceLost } from './deviceFate.ts';
import { prepareEntry } from './entry.ts';
import { RuntimeError, reasonOf } from './error.ts';
import type { WeightsSpec } from './format/manifest.ts';
import type { DeviceRequirements, Plan, PlanVariant } from './format/plan.ts';
import { type Guard, guard } from './guard.ts';
import { compileKernels, isNeededAtOnce } from './kernels.ts';
import { WebGpuModel } from './model.ts';
import { joinProgress, type LoadProgress } from './progress.ts';
import { readPlan } from './readPlan.ts';
import {
  chooseVariant,
  descriptorOf,
  fittingVariants,
  joinedRequirements,
  type VariantChoice,
} from './requirements.ts';
import type { Source } from './source/source.ts';
import { type TimedModel, type TuneOptions, tuneVariant } from './tune.ts';
import { uploadAll } from './weights/uploadAll.ts';

export interface BundleOptions {
  readonly source: Source;
  /** The plan's file in the source. Default `plan.json`. */
  readonly plan?: string;
  /** The variant to take, such as `gpu`; default: the first one that is made for the adapter. See the plan's `variants`. */
  readonly variant?: string;
  /**
   * Instead of the first variant that is made for the adapter, the fastest of all that are, which is measured once on each
   * device and kept; see `TuneOptions`. It takes some seconds, and reads no weights. Without a say where `variant` is given.
   */
  readonly tune?: true | TuneOptions;
  /** The manifest's: with it, weights are checked against their hashes and may be cached. */
  readonly weights?: WeightsSpec;
  /**
   * `auto`, the default: weights that come over a network are kept in the browser's cache for the next load, and other
   * versions of the model that were not loaded for a week are forgotten; see `listCachedModels` and
   * `clearCachedModels`. `none`: nothing is kept, looked for or forgotten.
   */
  readonly cache?: 'auto' | 'none';
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/** A device of the caller's, or an adapter from which the model takes a device of its own. */
export type DeviceChoice =
  | { readonly device: GPUDevice; readonly adapter?: never }
  | { readonly adapter: GPUAdapter; readonly device?: never };

export type LoadOptions = BundleOptions & DeviceChoice;

/**
 * Loads a bundle. Features and limits are checked, and all memory is taken, before weights are read; kernels compile
 * while they are. When anything fails, the device is lost or `signal` aborts, everything is freed and the error thrown
 * (RuntimeError, or the signal's reason).
 */
export async function loadBundle(options: LoadOptions): Promise<WebGpuModel> {
  const { source, signal } = options;
  signal?.throwIfAborted();
  const plan = await readPlan(source, options.plan, signal);
  const offer = options.device ?? options.adapter;
  const ruled = chooseVariant(plan, offer, options.variant);
  const rivals = options.tune && options.variant === undefined ? fittingVariants(plan, offer) : [];
  signal?.throwIfAborted();
  const requires = joinedRequirements(rivals.length > 0 ? rivals : [ruled.variant]);
  const device = options.device ?? (await requestDevice(plan, options.adapter, requires));
  const ownsDevice = options.device === undefined;
  try {
    const choice = rivals.length > 1 ? await tuned(plan, rivals, device, options) : ruled;
    return await loadVariant(plan, choice, device, ownsDevice, options);
  } catch (error) {
    const reason = signal?.aborted ? error : await deviceLost(device, error);
    if (ownsDevice) device.destroy();
    throw reason;
  }
}

/** Measures variants on a device, without weights: only what they compute with. */
function tuned(
  plan: Plan,
  variants: readonly PlanVariant[],
  device: GPUDevice,
  { tune, source, signal }: LoadOptions,
): Promise<VariantChoice> {
  const load = async (variant: PlanVariant): Promise<TimedModel> => {
    const uploads = variant.uploads.filter(({ buffer }) => variant.buffers[buffer]?.kind === 'constants');
    const choice = { variant: { ...variant, uploads }, reason: '' };
    const model = await loadVariant(plan, choice, device, false, { source, signal });
    const { name, signature } = model;
    return {
      name,
      signature,
      // Measuring takes seconds: who leaves must not wait for it.
      run: (entry, inputs) => model.run(entry, inputs, signal ? { signal } : {}),
      reset: () => model.reset(),
      dispose: () => model.dispose(),
    };
  };
  return tuneVariant(plan, variants, device, load, tune === true || tune === undefined ? {} : tune);
}

async function requestDevice(plan: Plan, adapter: GPUAdapter, requires: DeviceRequirements): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice(descriptorOf(plan, { requires }));
  } catch (cause) {
    throw new RuntimeError('device', `the adapter gives no device: ${reasonOf(cause)}`, { cause });
  }
}

/** What reading a variant takes of the options. */
interface ReadOptions extends Pick<BundleOptions, 'source' | 'weights' | 'cache' | 'onProgress'> {
  readonly signal?: AbortSignal | undefined;
}

async function loadVariant(
  plan: Plan,
  { variant, reason }: VariantChoice,
  device: GPUDevice,
  ownsDevice: boolean,
  options: ReadOptions,
): Promise<WebGpuModel> {
  options.signal?.throwIfAborted();
  const buffers = await BufferSet.allocate(device, variant.buffers);
  const guarded = guard(device, options.signal);
  try {
    const kernels = await readAll(plan, variant, device, buffers, options, guarded);
    const entries = Object.entries(variant.entries).map(async ([name, entry]) => {
      return [name, await prepareEntry(device, buffers, kernels, entry)] as const;
    });
    const prepared = new Map(await guarded.all(entries));
    guarded.signal.throwIfAborted();
    return new WebGpuModel({
      device,
      ownsDevice,
      plan,
      variant: variant.name,
      variantReason: reason,
      buffers,
      entries: prepared,
    });
  } catch (error) {
    buffers.destroy();
    throw error;
  } finally {
    guarded.release();
  }
}

/** Reads everything but the plan: weights go to the device, kernels are compiled. */
async function readAll(
  plan: Plan,
  variant: PlanVariant,
  device: GPUDevice,
  buffers: BufferSet,
  { source, weights, cache: mode = 'auto', onProgress }: ReadOptions,
  guarded: Guard,
): Promise<Awaited<ReturnType<typeof compileKernels>>> {
  const total = Object.values(variant.kernels).filter(isNeededAtOnce).length;
  const report = joinProgress(total, onProgress);
  const cache = weights && source.remote && mode === 'auto' ? await WeightCache.open(plan.name, weights) : undefined;
  const [kernels] = await guarded.all([
    compileKernels(device, source, variant.kernels, guarded, (loaded) => report({ kernels: { loaded, total } })),
    uploadAll(device, buffers, variant.uploads, { source, weights, cache, guarded }, (at) => {
      report({ weights: at, ...(cache?.problem ? { cacheProblem: cache.problem } : {}) });
    }),
  ]);
  await cache?.complete();
  return kernels;
}
