import type { Manifest } from '@casement/runtime';
import type { Batch, Executor } from '@casement/session';
import { onnxExecutor } from '@casement/session/onnx';
import type { Target } from '../artifact/compile.ts';
import { openExecutor } from '../artifact/openExecutor.ts';
import { UserError } from '../error.ts';

/** A loaded model, and the conversations that it can hold at a time. */
export interface Engine {
  readonly batch: Batch;
  /** Frees everything. */
  dispose(): Promise<void>;
}

export interface EngineOptions {
  readonly target: Target;
  readonly sessions: number;
  /** Of a run on the CPU. */
  readonly threads?: number | undefined;
}

/** Loads a model: for several conversations on ONNX Runtime, for one with WebGPU. Throws UserError. */
export async function openEngine(
  dir: string,
  manifest: Manifest,
  { target, sessions, threads }: EngineOptions,
): Promise<Engine> {
  const { onnx } = manifest.targets;
  if (target === 'onnx' && onnx) {
    const options = { signature: manifest, target: onnx, files: dir, ...(threads === undefined ? {} : { threads }) };
    const executor = await onnxExecutor(options);
    const batch = executor.openBatch(sessions);
    const dispose = async () => {
      await batch.dispose();
      await executor.dispose();
    };
    return { batch, dispose };
  }
  if (sessions > 1) {
    throw new UserError(`with WebGPU there is one session at a time, ${sessions} were asked for; serve ONNX for more`);
  }
  if (threads !== undefined) throw new UserError(`threads are ONNX Runtime's; leave them out for ${target}`);
  const executor = await openExecutor(dir, target);
  return { batch: oneRow(executor), dispose: () => executor.dispose() };
}

/** An executor as a batch of one, for targets that hold their states once. */
function oneRow(executor: Executor): Batch {
  let taken = false;
  const { decode } = executor;
  const slot: Executor = {
    target: executor.target,
    signature: executor.signature,
    get lengths() {
      return executor.lengths;
    },
    run: (entry, inputs, options) => executor.run(entry, inputs, options),
    reset: (dim) => executor.reset(dim),
    ...(decode ? { decode: (entry, start) => decode.call(executor, entry, start) } : {}),
    dispose: async () => {
      await executor.reset();
      taken = false;
    },
  };
  return {
    rows: 1,
    get free() {
      return taken ? 0 : 1;
    },
    open() {
      if (taken) return undefined;
      taken = true;
      return slot;
    },
    dispose: () => slot.dispose(),
  };
}
