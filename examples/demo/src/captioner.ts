import {
  fetchSource,
  type LoadProgress,
  loadArtifact,
  type Manifest,
  RuntimeError,
  readManifest,
  type Source,
  type WebGpuModel,
} from '@casement/runtime';
import { Session } from '@casement/session';
import { readImageSettings } from '@casement/session/image';
import { openTokenizer, readTokenizerFiles } from '@casement/session/text';
import { executorOf } from '@casement/session/webgpu';
import type { Frame } from '../../captioner/src/draw.ts';
import { type Conversation, createConversation } from './conversation.ts';
import type { CaptionStep, Facts } from './messages.ts';

/** A captioner that is ready. */
export interface Opened {
  readonly facts: Facts;
  caption(frame: Frame): AsyncGenerator<CaptionStep>;
  /** Forgets all frames and captions. */
  reset(): Promise<void>;
  dispose(): Promise<void>;
}

/** Loads the captioner at an address; yields how far that is. Throws RuntimeError. */
export async function* openCaptioner(address: string, signal: AbortSignal): AsyncGenerator<LoadProgress, Opened> {
  const source = fetchSource(address);
  const manifest = await readManifest(source, signal);
  const adapter = await requestAdapter();
  const progress = latest<LoadProgress>();
  const loading = loadArtifact(manifest, { source, adapter, signal, onProgress: progress.put });
  loading.then(progress.end, progress.end);
  let kernels = 0;
  for await (const now of progress.values()) {
    kernels = now.kernels.total;
    yield now;
  }
  const model = await loading;
  try {
    const conversation = await converse(model, manifest, source);
    signal.throwIfAborted(); // the page has asked for another meanwhile, which must not share the GPU with this one
    const facts = { ...factsOf(model, manifest, adapter), kernels };
    return { facts, ...conversation, dispose: () => model.dispose() };
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function requestAdapter(): Promise<GPUAdapter> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new RuntimeError('device', 'This browser gives web pages no GPU (WebGPU).');
}

async function converse(model: WebGpuModel, manifest: Manifest, source: Source): Promise<Conversation> {
  const { processor } = manifest;
  const text = async (name: string) => {
    return processor?.tokenizer?.includes(name) ? new TextDecoder().decode(await source.read(name)) : undefined;
  };
  const preprocessor = new TextDecoder().decode(
    await source.read(processor?.preprocessor ?? 'preprocessor_config.json'),
  );
  return createConversation({
    session: new Session(executorOf(model, manifest)),
    tokenizer: openTokenizer(await readTokenizerFiles(text)),
    images: readImageSettings(JSON.parse(preprocessor)),
    delimiters: [...(processor?.images?.before ?? []), ...(processor?.images?.after ?? [])],
    stopTokens: processor?.stopTokens ?? [],
  });
}

function factsOf(model: WebGpuModel, manifest: Manifest, { info }: GPUAdapter): Omit<Facts, 'kernels'> {
  const names = [info.description || info.device, info.vendor, info.architecture].filter(Boolean);
  return {
    device: [...new Set(names)].join(', ') || 'a GPU that does not say its name',
    variant: model.variant,
    dtype: manifest.dtype,
    weightBytes: manifest.weights.bytes,
    memoryBytes: Object.values(model.memory).reduce((sum, bytes) => sum + bytes, 0),
    capacity: manifest.dims.past?.max ?? 0,
  };
}

/** Turns calls into values; of several between two reads only the last is kept. */
function latest<T>() {
  let waiting: { readonly value: T } | undefined;
  let ended = false;
  let wake = () => {};
  return {
    put: (value: T) => {
      waiting = { value };
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    async *values(): AsyncGenerator<T> {
      for (;;) {
        const now = waiting;
        waiting = undefined;
        if (now) yield now.value;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
