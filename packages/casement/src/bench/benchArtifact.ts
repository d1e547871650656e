import { pathToFileURL } from 'node:url';
import { fileSource, loadBundle, type VariantTimes } from '@casement/runtime';
import { type Executor, generate, Session } from '@casement/session';
import { countGpu, executorOf, type GpuCounter, type GpuCounts } from '@casement/session/webgpu';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import type { Target } from '../artifact/compile.ts';
import { readManifest } from '../artifact/manifest.ts';
import { openExecutor } from '../artifact/openExecutor.ts';
import { UserError } from '../error.ts';
import { imageEntry, madeUpPatches, madeUpTokens } from './madeUpImages.ts';
import { spreadOf, type Times } from './spreadOf.ts';

export interface BenchOptions {
  readonly target: Target;
  /** The device class whose kernels WebGPU runs; default: the one that is made for the adapter. */
  readonly variant?: string;
  /** Measures the classes that the device can run, and takes the fastest. */
  readonly tune?: boolean;
  /** Text tokens that stand in the cache when decoding is measured. */
  readonly context: number;
  /** Tokens that are generated one by one. */
  readonly tokens: number;
  /** Tokens of the prompt that is read. */
  readonly prompt: number;
  /** How often a prompt is read and an image is shown. */
  readonly repeats: number;
  readonly signal?: AbortSignal;
  readonly onPhase?: (phase: string) => void;
}

export interface BenchReport {
  readonly model: string;
  readonly dtype: string;
  readonly target: Target;
  /** The adapter; on ONNX Runtime the providers are its business. */
  readonly device: string;
  /** On WebGPU: the device class, and why it. */
  readonly variant?: { readonly name: string; readonly reason: string };
  /** With `tune`. */
  readonly tuned?: readonly VariantTimes[];
  readonly context: number;
  readonly prompt: number;
  readonly loadMs: number;
  readonly prefill: Times;
  /** From pixels to image tokens. */
  readonly encode?: Times & { readonly patches: number };
  /** An image's tokens shown (a window opened with it, or its tokens inserted into an empty text), and a token after it. */
  readonly image?: Times & { readonly tokens: number };
  readonly decode: Times;
  /** WebGPU calls for each decoded token, after the first ones. A fraction means that they differed. */
  readonly perToken?: GpuCounts;
  readonly deviceBytes?: { readonly live: number; readonly peak: number };
  /** What else there is in the model or to know, and why it is not here. */
  readonly notMeasured: readonly NotMeasured[];
}

export interface NotMeasured {
  readonly what: string;
  readonly why: string;
}

/** Tokens before counting begins: kernels are compiled and buffers are made by then. */
const WARM_UP = 3;

/** Loads an artifact on the device at hand and measures it. Throws UserError when the context does not fit. */
export async function benchArtifact(dir: string, options: BenchOptions): Promise<BenchReport> {
  const { target, context, tokens, prompt, repeats, signal, onPhase = () => {} } = options;
  onPhase('loading');
  const start = performance.now();
  const { executor, counter, ...about } = await openCounted(dir, options);
  const loadMs = performance.now() - start;
  try {
    const session = new Session(executor);
    const { dims, entries, name, dtype } = executor.signature;
    const capacity = dims.past?.max ?? Number.POSITIVE_INFINITY;
    requireRoom(options, capacity);
    const ids = (count: number) => Array.from({ length: count }, (_, i) => (i * 7919 + 3) % vocabOf(executor));
    onPhase('reading prompts');
    const prefill = await repeat(repeats, signal, async () => {
      await session.reset();
      return () => session.read(ids(prompt), signal);
    });
    const encode = entries.encodeImage && (await benchEncoder(session, options));
    const image = imageEntry(executor) && (await benchImage(session, options));
    onPhase('decoding');
    await session.reset();
    await session.read(ids(context), signal);
    // An inserted image is text like the rest of the context.
    if (entries.openWindow) await session.showImage(madeUpTokens(executor, 'openWindow'), withSignal(signal));
    const decode = await benchDecode(session, counter, tokens, signal);
    return {
      model: name,
      dtype,
      target,
      ...about,
      context,
      prompt,
      loadMs,
      prefill,
      ...(encode ? { encode } : {}),
      ...(image ? { image } : {}),
      ...decode,
      ...(counter ? { deviceBytes: { live: counter.live.bytes, peak: counter.peakBytes } } : {}),
      notMeasured: notMeasured(executor, counter),
    };
  } finally {
    await executor.dispose();
  }
}

function requireRoom({ context, tokens, prompt }: BenchOptions, capacity: number): void {
  const exceeded = `the text cache, ${capacity} positions`;
  if (prompt > capacity) throw new UserError(`a prompt of ${prompt} tokens exceeds ${exceeded}`);
  if (context + WARM_UP + tokens <= capacity) return;
  throw new UserError(
    `${context} tokens of context and ${tokens} more, after ${WARM_UP} to warm up, exceed ${exceeded}`,
  );
}

async function benchEncoder(session: Session, { repeats, signal, onPhase }: BenchOptions) {
  onPhase?.('encoding images');
  const picture = madeUpPatches(session.executor);
  const run = async () => void (await session.encodeImage(picture, withSignal(signal)));
  return { ...(await repeat(repeats, signal, async () => run)), patches: picture.grid.rows * picture.grid.columns };
}

async function benchImage(session: Session, { repeats, signal, onPhase }: BenchOptions) {
  onPhase?.('showing images');
  const image = madeUpTokens(session.executor, imageEntry(session.executor) ?? 'openWindow');
  const times = await repeat(repeats, signal, async () => {
    await session.reset(); // inserted images would fill the text cache
    return async () => {
      await session.showImage(image, withSignal(signal));
      // A window gives nothing back to wait for; the first token that looks at it does.
      await session.read([0], signal);
    };
  });
  return { ...times, tokens: image.embeds.shape[0] ?? 0 };
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {};
}

/** Entries whose inputs are known here. */
const MEASURED = ['step', 'openWindow', 'insertImage', 'encodeImage'];

function notMeasured(executor: Executor, counter: GpuCounter | undefined): NotMeasured[] {
  const { entries } = executor.signature;
  const others = Object.keys(entries).filter((name) => !MEASURED.includes(name));
  const without = (what: string, why: string) => ({ what, why });
  return [
    ...(imageEntry(executor)
      ? []
      : [without('image', 'the model takes no images: it has no openWindow or insertImage')]),
    ...(entries.encodeImage ? [] : [without('encode', 'the model sees no pixels: it has no encodeImage')]),
    ...others.map((name) => without(name, 'bench does not know what this entry is run with')),
    ...(counter ? [] : [without('calls and device memory', 'they are counted on WebGPU only')]),
  ];
}

/** Greedy decoding, token by token, after the newest image. */
async function benchDecode(
  session: Session,
  counter: GpuCounter | undefined,
  tokens: number,
  signal: AbortSignal | undefined,
): Promise<Pick<BenchReport, 'decode' | 'perToken'>> {
  const times: number[] = [];
  const settings = { maxTokens: WARM_UP + tokens, temperature: 0 };
  let [done, before] = [0, performance.now()];
  for await (const _ of generate(session, settings, signal ? { signal } : {})) {
    const now = performance.now();
    if (++done > WARM_UP) times.push(now - before);
    else counter?.take();
    before = now;
  }
  const counts = counter?.take();
  return { decode: spreadOf(times), ...(counts ? { perToken: eachOf(counts, tokens) } : {}) };
}

/** Averages: whole numbers where every token had the same. */
function eachOf(counts: GpuCounts, tokens: number): GpuCounts {
  const each = (count: number) => count / tokens;
  return {
    createBuffer: each(counts.createBuffer),
    createBindGroup: each(counts.createBindGroup),
    createPipeline: each(counts.createPipeline),
    computePasses: each(counts.computePasses),
    dispatches: each(counts.dispatches),
    submits: each(counts.submits),
    writeBuffers: each(counts.writeBuffers),
    bytesWritten: each(counts.bytesWritten),
    bytesReadBack: each(counts.bytesReadBack),
  };
}

interface Counted extends Pick<BenchReport, 'device' | 'variant' | 'tuned'> {
  readonly executor: Executor;
  readonly counter?: GpuCounter;
}

async function openCounted(dir: string, { target, variant, tune }: BenchOptions): Promise<Counted> {
  if (target === 'onnx' && (variant !== undefined || tune)) {
    throw new UserError('--variant and --tune are for WebGPU; leave --target onnx out');
  }
  if (target === 'onnx') return { executor: await openExecutor(dir, target), device: 'ONNX Runtime' };
  const manifest = await readManifest(dir);
  const { webgpu } = manifest.targets;
  const adapter = await (await acquireNodeGpu()).requestAdapter();
  // openExecutor says it better.
  if (adapter === null || webgpu === undefined) return { executor: await openExecutor(dir, target), device: '' };
  const counters: GpuCounter[] = [];
  const requestDevice = adapter.requestDevice.bind(adapter);
  adapter.requestDevice = async (descriptor) => {
    const device = await requestDevice(descriptor);
    counters.push(countGpu(device));
    return device;
  };
  const source = fileSource(pathToFileURL(dir));
  let tuned: readonly VariantTimes[] | undefined;
  const onMeasured = (times: readonly VariantTimes[]) => {
    tuned = times;
  };
  const model = await loadBundle({
    source,
    plan: webgpu.plan,
    weights: manifest.weights,
    adapter,
    ...(variant === undefined ? {} : { variant }),
    ...(tune ? { tune: { onMeasured } } : {}),
  });
  const { description, vendor, architecture } = adapter.info;
  const [counter] = counters;
  return {
    executor: executorOf(model, manifest),
    device: description || `${vendor} ${architecture}`,
    variant: { name: model.variant, reason: model.variantReason },
    ...(tuned ? { tuned } : {}),
    ...(counter ? { counter } : {}),
  };
}

/** Runs what `prepare` gives, once to warm up and then to measure. */
async function repeat(
  times: number,
  signal: AbortSignal | undefined,
  prepare: () => Promise<() => Promise<void>>,
): Promise<Times> {
  const measured: number[] = [];
  for (let i = 0; i <= times; i++) {
    signal?.throwIfAborted();
    const run = await prepare();
    const start = performance.now();
    await run();
    if (i > 0) measured.push(performance.now() - start);
  }
  return spreadOf(measured);
}

function vocabOf({ signature: { entries, name } }: Executor): number {
  const vocab = entries.step?.outputs.find((output) => output.name === 'logits')?.shape.at(-1);
  if (typeof vocab === 'number') return vocab;
  throw new UserError(`model ${name} has no entry step with an output "logits" [… vocab]; bench runs decoders`);
}
