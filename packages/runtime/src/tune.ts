import { browserCaches } from './cache/modelCaches.ts';
import { RuntimeError, type RuntimeErrorCode } from './error.ts';
import type { EntrySignature, Plan, PlanSignature, PlanVariant } from './format/plan.ts';
import type { WebGpuModel } from './model.ts';
import type { VariantChoice } from './requirements.ts';
import { sha256 } from './sha256.ts';
import { type DimValues, dimsOf, evaluateSize } from './size.ts';
import { arrayNameOf, elementCount, type HostTensor, type HostTensors } from './tensor.ts';

export interface TuneOptions {
  /** Where choices are kept; default: the browser's Cache API, and nowhere without it (Node). */
  readonly store?: TuneStore;
  /** Hears what was measured; not called when the choice was known. */
  readonly onMeasured?: (times: readonly VariantTimes[]) => void;
  /** Milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** Remembers names of variants by key. What it throws is ignored: then variants are measured. */
export interface TuneStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, variant: string): Promise<void>;
}

/** Medians in milliseconds. */
export interface VariantTimes {
  readonly variant: string;
  /** A chunk as long as the model takes, or as half of its caches hold. */
  readonly chunk: number;
  /** A token after it. */
  readonly token: number;
}

export type TimedModel = Pick<WebGpuModel, 'name' | 'signature' | 'run' | 'reset' | 'dispose'>;

/** How a chunk weighs against a token: answers are longer than questions, but not by much. */
const TOKENS_PER_CHUNK = 32;
const ROUNDS = 3;
const TOKENS = 8;

/** A variant that the device cannot hold or compile; others may do. */
const OUT_OF_THE_RACE: ReadonlySet<string> = new Set<RuntimeErrorCode>(['memory', 'kernel']);

/**
 * The variant that is fastest on a device. Each is loaded and timed with its memory as it is: how long kernels take does
 * not depend on numbers, so no weights are read. Throws RuntimeError for a model that reads no `input_ids`.
 */
export async function tuneVariant(
  plan: Plan,
  variants: readonly PlanVariant[],
  device: Pick<GPUDevice, 'adapterInfo'>,
  load: (variant: PlanVariant) => Promise<TimedModel>,
  { store = browserStore(), onMeasured, now = () => performance.now() }: TuneOptions,
): Promise<VariantChoice> {
  const key = await keyOf(plan, device);
  const kept = await store?.get(key).catch(() => undefined);
  const known = variants.find(({ name }) => name === kept);
  if (known) return { variant: known, reason: 'it was the fastest here when variants were measured' };
  const times: VariantTimes[] = [];
  const failures: { readonly variant: string; readonly error: RuntimeError }[] = [];
  for (const variant of variants) {
    try {
      times.push({ variant: variant.name, ...(await timesOf(() => load(variant), now)) });
    } catch (error) {
      if (!(error instanceof RuntimeError && OUT_OF_THE_RACE.has(error.code))) throw error;
      failures.push({ variant: variant.name, error });
    }
  }
  const [failure] = failures;
  if (failure && times.length === 0) throw failure.error;
  onMeasured?.(times);
  const [best] = times.toSorted((a, b) => worth(a) - worth(b));
  const variant = variants.find(({ name }) => name === best?.variant);
  if (best === undefined || variant === undefined) throw new RangeError('there is no variant to measure');
  await store?.set(key, variant.name).catch(() => {}); // then it is measured again
  const told = times.map((it) => `${it.variant} ${it.chunk.toFixed(1)} + ${it.token.toFixed(1)} ms`).join(', ');
  const failed = failures.map((it) => `; ${it.variant} fails: ${it.error.message}`).join('');
  return { variant, reason: `it is the fastest here (a chunk + a token: ${told}${failed})` };
}

async function timesOf(load: () => Promise<TimedModel>, now: () => number) {
  const model = await load();
  try {
    return await measure(model, now);
  } finally {
    await model.dispose();
  }
}

function worth({ chunk, token }: VariantTimes): number {
  return chunk + TOKENS_PER_CHUNK * token;
}

async function measure(model: TimedModel, now: () => number): Promise<Pick<VariantTimes, 'chunk' | 'token'>> {
  const { signature } = model;
  const [name, entry] = Object.entries(signature.entries).find(([, { inputs }]) => 'input_ids' in inputs) ?? [];
  if (name === undefined || entry === undefined) {
    throw new RuntimeError('call', `"${model.name}" reads no input_ids, so there is nothing to tune it by`);
  }
  const [chunk, token] = [zeros(signature, entry, 'chunk'), zeros(signature, entry, 'token')];
  const times: { chunk: number[]; token: number[] } = { chunk: [], token: [] };
  const timed = async (inputs: HostTensors): Promise<number> => {
    const start = now();
    await model.run(name, inputs);
    return now() - start;
  };
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    await model.reset();
    const own = { chunk: await timed(chunk), token: [] as number[] };
    for (let i = 0; i < Math.min(TOKENS, roomOf(signature, entry)); i++) own.token.push(await timed(token));
    if (round === 0) continue;
    times.chunk.push(own.chunk);
    times.token.push(...own.token);
  }
  return { chunk: median(times.chunk), token: median(times.token) };
}

/** Inputs of zeros: of one token, or of as many as half of the caches hold. */
function zeros(signature: PlanSignature, entry: EntrySignature, kind: 'chunk' | 'token'): HostTensors {
  const ids = new Set(entry.inputs.input_ids?.shape.flatMap(dimsOf));
  const room = roomOf(signature, entry);
  const dims: DimValues = new Map(
    Object.entries(signature.dims).map(([name, { min, max, multipleOf }]) => {
      const least = Math.max(min, multipleOf);
      const most = Math.max(least, Math.floor(Math.min(max, room) / multipleOf) * multipleOf);
      return [name, kind === 'chunk' && ids.has(name) ? most : least];
    }),
  );
  const tensors = Object.entries(entry.inputs).map(([name, { dtype, shape }]): [string, HostTensor] => {
    const sizes = shape.map((size) => evaluateSize(size, dims));
    return [name, { dtype, shape: sizes, data: new globalThis[arrayNameOf(dtype)](elementCount(sizes)) }];
  });
  return Object.fromEntries(tensors);
}

/** Half of what the caches hold: the other half is for tokens. */
function roomOf({ states }: PlanSignature, { lengths }: EntrySignature): number {
  const growing = Object.values(states).filter(({ dim }) => dim in lengths);
  return Math.min(...growing.map(({ capacity }) => Math.floor(capacity / 2)));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Differs when the adapter or anything in the plan does. */
async function keyOf(plan: Plan, device: Pick<GPUDevice, 'adapterInfo'>): Promise<string> {
  const { vendor, architecture, device: model, description } = device.adapterInfo;
  const text = JSON.stringify([vendor, architecture, model, description, plan]);
  return sha256(new TextEncoder().encode(text));
}

const CACHE = 'casement-tuned';

function browserStore(): TuneStore | undefined {
  const caches = browserCaches();
  const address = (key: string) => `https://casement.invalid/tuned/${key}`;
  return (
    caches && {
      get: async (key) => (await (await caches.open(CACHE)).match(address(key)))?.text(),
      set: async (key, variant) => (await caches.open(CACHE)).put(address(key), new Response(variant)),
    }
  );
}
