import type { StateSpec } from '@casement/runtime';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Batch, BatchingExecutor } from '../batch.ts';
import { checkInputs, InputError } from '../check.ts';
import type { HostTensor, HostTensors, ModelSignature, RunOptions } from '../executor.ts';
import { serially } from '../serially.ts';
import { bindSizes, lengthsAfter } from './bindSizes.ts';
import { evaluateSize } from './evaluateSize.ts';
import { OnnxBatch } from './onnxBatch.ts';
import { closeSessions, messageOf, openSessions, type SessionOptions } from './openSessions.ts';
import { emptyTensor, fromOrt, toOrt } from './tensors.ts';

/** Loads a model's ONNX files into ONNX Runtime. Throws when one is missing or cannot be loaded. */
export async function onnxExecutor(options: SessionOptions): Promise<BatchingExecutor> {
  const sessions = await openSessions(options);
  return new OnnxExecutor(options, sessions, () => closeSessions(sessions));
}

/** Keeps the states as ONNX Runtime's own tensors: what a run gives as present, the next run takes as past. */
class OnnxExecutor implements BatchingExecutor {
  readonly target = 'onnx';
  readonly signature: ModelSignature;
  private readonly queue = serially();
  private readonly states = new Map<string, Tensor>();
  private current: ReadonlyMap<string, number>;
  private disposed = false;

  constructor(
    private readonly options: SessionOptions,
    private readonly sessions: ReadonlyMap<string, InferenceSession>,
    /** Frees what others may share. */
    private readonly close: () => Promise<void>,
  ) {
    this.signature = options.signature;
    this.current = new Map(options.signature.states.map(({ dim }) => [dim, 0]));
  }

  get lengths(): ReadonlyMap<string, number> {
    return this.current;
  }

  run(entry: string, inputs: HostTensors, options: RunOptions = {}): Promise<Record<string, HostTensor>> {
    return this.queue(() => this.runNow(entry, inputs, options));
  }

  reset(dim?: string): Promise<void> {
    return this.queue(async () => {
      this.requireAlive();
      const emptied = this.signature.states.filter((state) => dim === undefined || state.dim === dim);
      for (const { name } of emptied) this.states.delete(name);
      this.current = new Map([...this.current, ...emptied.map((state) => [state.dim, 0] as const)]);
    });
  }

  dispose(): Promise<void> {
    return this.queue(async () => {
      if (this.disposed) return;
      this.disposed = true;
      this.states.clear();
      await this.close();
    });
  }

  openBatch(rows: number): Batch {
    return new OnnxBatch(rows, (close) => new OnnxExecutor(this.options, this.sessions, close));
  }

  private async runNow(entry: string, inputs: HostTensors, options: RunOptions): Promise<Record<string, HostTensor>> {
    this.requireAlive();
    const wanted = checkInputs(this.signature, entry, inputs, options.outputs);
    options.signal?.throwIfAborted();
    const dims = bindSizes(this.signature, entry, inputs, this.current);
    const after = new Map(lengthsAfter(this.signature, entry, dims));
    const session = this.sessions.get(entry);
    // An entry that only empties states has no model.
    if (!session && wanted.length > 0) throw new Error(`the artifact has no ONNX model for entry "${entry}"`);
    const results = session ? await this.runSession(entry, session, this.feeds(session, inputs, dims), wanted) : {};
    // Only now, so that a failed run changes nothing.
    for (const { name, dim, axis } of this.signature.states) {
      const present = results[this.presentOf(name)];
      if (present) {
        this.states.set(name, present);
        // A run may count how much it adds.
        after.set(dim, present.dims[this.options.target.states[name]?.perm.indexOf(axis) ?? axis] ?? 0);
      } else if (after.has(dim)) this.states.delete(name);
    }
    this.current = new Map([...this.current, ...after]);
    return this.outputs(entry, wanted, results);
  }

  private async runSession(
    entry: string,
    session: InferenceSession,
    feeds: Record<string, Tensor>,
    wanted: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    const presents = this.signature.states.map(({ name }) => this.presentOf(name));
    const fetches = session.outputNames.filter((name) => wanted.includes(name) || presents.includes(name));
    try {
      // Nothing may be wanted, but ONNX Runtime wants to fetch something.
      return await session.run(feeds, fetches.length > 0 ? fetches : session.outputNames);
    } catch (error) {
      throw new Error(`entry ${entry} failed in ONNX Runtime: ${messageOf(error)}`, { cause: error });
    }
  }

  private feeds(
    session: InferenceSession,
    inputs: HostTensors,
    dims: ReadonlyMap<string, number>,
  ): Record<string, Tensor> {
    const states = new Map(this.signature.states.map((state) => [this.options.target.states[state.name]?.past, state]));
    const feeds: Record<string, Tensor> = {};
    for (const metadata of session.inputMetadata) {
      const { name } = metadata;
      const [tensor, state] = [inputs[name], states.get(name)];
      if (tensor && metadata.isTensor) feeds[name] = toOrt(tensor, metadata.type);
      else if (state) feeds[name] = this.past(state, dims);
    }
    return feeds;
  }

  /** A state as the model takes it. Throws InputError when the call's sizes are not those that it was made with. */
  private past(state: StateSpec, dims: ReadonlyMap<string, number>): Tensor {
    const sizes = state.shape.map((size) => evaluateSize(size, dims));
    const perm = this.options.target.states[state.name]?.perm ?? [];
    const shape = perm.map((axis) => sizes[axis] ?? 0);
    const past = this.states.get(state.name) ?? emptyTensor(state.dtype, shape);
    if (past.dims.some((size, axis) => size !== shape[axis])) {
      throw new InputError(
        `state "${state.name}" holds [${past.dims.join(', ')}], but this call needs [${shape.join(', ')}]; reset it first`,
      );
    }
    return past;
  }

  private outputs(
    entry: string,
    wanted: readonly string[],
    results: InferenceSession.OnnxValueMapType,
  ): Record<string, HostTensor> {
    const specs = this.signature.entries[entry]?.outputs ?? [];
    const given = specs.flatMap(({ name, dtype }) => {
      const tensor = wanted.includes(name) ? results[name] : undefined;
      return tensor ? [[name, fromOrt(tensor, dtype)] as const] : [];
    });
    return Object.fromEntries(given);
  }

  private presentOf(state: string): string {
    return this.options.target.states[state]?.present ?? '';
  }

  private requireAlive(): void {
    if (this.disposed) throw new Error(`model ${this.signature.name} was disposed`);
  }
}
