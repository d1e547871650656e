import { join } from 'node:path';
import type { OnnxTarget } from '@casement/runtime';
import type { InferenceSession } from 'onnxruntime-node';
import type { ModelSignature } from '../executor.ts';
import { ortLibrary } from './native/ortLibrary.ts';
import { openNodeSession } from './nodeSession.ts';
import type { RuntimeSession } from './runtimeSession.ts';

export interface SessionOptions {
  /** A manifest is one. */
  readonly signature: ModelSignature;
  readonly target: OnnxTarget;
  /** The artifact's folder, or its files by name: the models, and the shards that their weights are in. */
  readonly files: string | ReadonlyMap<string, Uint8Array>;
  /** Threads within an op; by default as many as there are cores. */
  readonly threads?: number;
  /** ONNX Runtime's execution providers in order of preference; by default the CPU. */
  readonly providers?: readonly string[];
}

/** A session per entry. When one cannot be loaded, those before it are released and the error names the file. */
export async function openSessions(options: SessionOptions): Promise<ReadonlyMap<string, RuntimeSession>> {
  const sessions = new Map<string, RuntimeSession>();
  for (const [entry, { file, cudaOnly }] of Object.entries(options.target.entries)) {
    try {
      // Nor has JavaScript such tensors, so that CUDA does not help here.
      if (cudaOnly !== undefined) throw new Error(cudaOnly);
      sessions.set(entry, await openSession(file, options));
    } catch (error) {
      await closeSessions(sessions);
      throw new Error(`${file} cannot be loaded: ${messageOf(error)}`, { cause: error });
    }
  }
  return sessions;
}

/** Releases all of them, also when one of them fails; then throws its error. */
export async function closeSessions(sessions: ReadonlyMap<string, RuntimeSession>): Promise<void> {
  const released = await Promise.allSettled([...sessions.values()].map((session) => session.release()));
  const failed = released.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function openSession(file: string, options: SessionOptions): Promise<RuntimeSession> {
  const { files, signature, target, threads, providers = ['cpu'] } = options;
  if (typeof files === 'string') {
    const path = join(files, file);
    const library = providers.join() === 'cpu' ? ortLibrary() : undefined;
    const native = library === undefined ? undefined : await nativeSessions();
    if (library === undefined || native === undefined) return openNodeSession(path, sessionSettings(options));
    return native.load(library, path, { threads, config: { [DISABLED]: disabledOptimizers(signature, target) } });
  }
  const settings = sessionSettings(options);
  const model = files.get(file);
  if (model === undefined) throw new Error('it was not given');
  const externalData = [...files].filter(([path]) => !path.endsWith('.onnx')).map(([path, data]) => ({ path, data }));
  return openNodeSession(model, { ...settings, externalData });
}

/** Undefined on platforms that koffi has no binary for: `onnxruntime-node` runs there, too, if slower. */
async function nativeSessions() {
  try {
    await import('koffi');
  } catch {
    return undefined;
  }
  return (await import('./native/nativeSession.ts')).NativeSession;
}

const DISABLED = 'optimization.disable_specified_optimizers';

function sessionSettings({ signature, target, threads, providers }: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [...(providers ?? ['cpu'])],
    logSeverityLevel: 4, // errors are thrown
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    extra: { optimization: { disable_specified_optimizers: disabledOptimizers(signature, target) } },
  };
}

function disabledOptimizers({ dtype }: ModelSignature, { profile }: OnnxTarget): string {
  // It crashes the process (1.30) when it meets a transpose of the first axes before a matmul in half precision.
  if (dtype !== 'f32') return 'MatmulTransposeFusion';
  // It would write every transposed weight out anew; unfolded, ONNX Runtime fuses the transpose into the matmul. Half
  // precision must be folded, since the CPU computes in f32 and would cast the weights in every run.
  return profile === 'onnx' ? 'ConstantFolding' : '';
}
