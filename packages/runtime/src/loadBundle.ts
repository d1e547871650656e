import { BufferSet } from './buffers.ts';
import { prepareEntry } from './entry.ts';
import { RuntimeError } from './error.ts';
import type { Plan, PlanVariant } from './format/plan.ts';
import { compileKernels } from './kernels.ts';
import { WebGpuModel } from './model.ts';
import { chooseVariant, deviceDescriptor } from './requirements.ts';
import { readText, type Source } from './source.ts';
import { type UploadOptions, uploadAll } from './upload.ts';

export type LoadOptions = UploadOptions & {
  readonly source: Source;
  /** The plan's file in the source. Default `plan.json`. */
  readonly plan?: string;
} & DeviceChoice;

/** A device of the caller's, or an adapter from which the model takes a device of its own. */
export type DeviceChoice =
  | { readonly device: GPUDevice; readonly adapter?: never }
  | { readonly adapter: GPUAdapter; readonly device?: never };

/**
 * Loads a bundle. Limits and features are checked before weights are read; kernels compile while they are. When
 * anything fails or `signal` aborts, everything is freed and the error thrown (RuntimeError, or the signal's reason).
 */
export async function loadBundle(options: LoadOptions): Promise<WebGpuModel> {
  const { source, signal } = options;
  const plan = await readPlan(source, options.plan ?? 'plan.json', signal);
  const variant = chooseVariant(plan, options.device ?? options.adapter);
  const device = options.device ?? (await requestDevice(plan, options.adapter));
  const ownsDevice = options.device === undefined;
  try {
    const model = await loadVariant(plan, variant, device, ownsDevice, options);
    return model;
  } catch (error) {
    if (ownsDevice) device.destroy();
    throw error;
  }
}

/** Reads and recognises a plan. Throws RuntimeError when it is none. */
export async function readPlan(source: Source, file = 'plan.json', signal?: AbortSignal): Promise<Plan> {
  const text = await readText(source, file, signal);
  const plan = parseJson(file, text);
  if (plan.format === 'casement-plan/1') return plan;
  throw new RuntimeError(
    'source',
    `${file} has the format "${plan.format}", this runtime reads "casement-plan/1"; build the bundle again`,
  );
}

function parseJson(file: string, text: string): Plan {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError('source', `${file} is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

async function requestDevice(plan: Plan, adapter: GPUAdapter): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice(deviceDescriptor(plan, adapter));
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError('device', `the adapter gives no device: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

async function loadVariant(
  plan: Plan,
  variant: PlanVariant,
  device: GPUDevice,
  ownsDevice: boolean,
  { source, signal, onProgress }: LoadOptions,
): Promise<WebGpuModel> {
  const buffers = await BufferSet.allocate(device, variant.buffers);
  try {
    const [kernels] = await settleAll([
      compileKernels(device, source, variant.kernels, signal),
      uploadAll(device, buffers, variant.uploads, source, { onProgress, signal }),
    ]);
    const entries = Object.entries(variant.entries).map(async ([name, entry]) => {
      return [name, await prepareEntry(device, buffers, kernels, entry)] as const;
    });
    const prepared = new Map(await Promise.all(entries));
    signal?.throwIfAborted();
    return new WebGpuModel({ device, ownsDevice, plan, variant: variant.name, buffers, entries: prepared });
  } catch (error) {
    buffers.destroy();
    throw error;
  }
}

/** `Promise.all`, but a failure waits for the rest, so that nothing writes into buffers that are being freed. */
async function settleAll<A, B>(work: readonly [Promise<A>, Promise<B>]): Promise<readonly [A, B]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
