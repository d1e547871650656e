import type { StateSpec } from '@casement/runtime';
import type { Tensor } from 'onnxruntime-node';
import { checkInputs, InputError } from '../check.ts';
import type { Executor, HostTensor, HostTensors, ModelSignature, RunOptions } from '../executor.ts';
import { serially } from '../serially.ts';
import { bindSizes, lengthsAfter } from './bindSizes.ts';
import type { Caches } from './caches.ts';
import { checkBelow } from './checkBelow.ts';
import { evaluateSize } from './evaluateSize.ts';
import { makeFeeds, makeFetches } from './feeds.ts';
import { givenTensor } from './givenInputs.ts';
import type { CheckedCall, LoadedModel } from './loadedModel.ts';
import { runSession } from './runSession.ts';
import type { RuntimeSession } from './runtimeSession.ts';
import { emptyTensor, fromOrt } from './tensors.ts';

/** Who made an executor. */
export interface Owner {
  /** Frees what the executor used. */
  close(): Promise<void>;
  /** Runs a call together with those of others; undefined when it must run alone. */
  join(call: CheckedCall): Promise<Record<string, HostTensor>> | undefined;
  /** Runs a job when nobody else uses the model. */
  alone<T>(job: () => Promise<T>): Promise<T>;
}

/**
 * One conversation. States that the model takes at full capacity are updated in place, in a row of `caches`; others are
 * ONNX Runtime's own tensors: what a run gives as present, the next run takes as past.
 */
export class Conversation implements Executor {
  readonly target = 'onnx';
  readonly signature: ModelSignature;
  private readonly queue = serially();
  private readonly grown = new Map<string, Tensor>();
  private current: ReadonlyMap<string, number>;
  private disposed = false;

  constructor(
    private readonly model: LoadedModel,
    private readonly caches: Caches,
    readonly row: number,
    private readonly owner: Owner,
  ) {
    this.signature = model.signature;
    this.current = new Map(model.signature.states.map(({ dim }) => [dim, 0]));
  }

  get lengths(): ReadonlyMap<string, number> {
    return this.current;
  }

  run(entry: string, inputs: HostTensors, options: RunOptions = {}): Promise<Record<string, HostTensor>> {
    return this.queue(async () => {
      this.requireAlive();
      const call = this.check(entry, inputs, options);
      return this.owner.join(call) ?? this.owner.alone(() => this.runAlone(call));
    });
  }

  reset(dim?: string): Promise<void> {
    return this.queue(async () => {
      this.requireAlive();
      const emptied = this.signature.states.filter((state) => dim === undefined || state.dim === dim);
      for (const { name } of emptied) this.grown.delete(name);
      this.current = new Map([...this.current, ...emptied.map((state) => [state.dim, 0] as const)]);
    });
  }

  dispose(): Promise<void> {
    return this.queue(async () => {
      if (this.disposed) return;
      this.disposed = true;
      this.grown.clear();
      await this.owner.close();
    });
  }

  /** Says that a call was run with others. */
  finish({ lengths }: CheckedCall): void {
    this.current = new Map([...this.current, ...lengths.after]);
  }

  private check(entry: string, inputs: HostTensors, options: RunOptions): CheckedCall {
    const wanted = checkInputs(this.signature, entry, inputs, options.outputs);
    options.signal?.throwIfAborted();
    const dims = bindSizes(this.signature, entry, inputs, this.current);
    const after = lengthsAfter(this.signature, entry, dims);
    checkBelow(entry, inputs, this.model.target.entries[entry]?.below ?? {}, this.signature.states);
    return { entry, inputs, wanted, dims, lengths: { before: this.current, after } };
  }

  private async runAlone(call: CheckedCall): Promise<Record<string, HostTensor>> {
    const { entry, wanted } = call;
    const session = this.model.sessions.get(entry);
    // An entry that only empties states has no model.
    if (!session && wanted.length > 0) throw new Error(`the artifact has no ONNX model for entry "${entry}"`);
    const results = session
      ? await runSession(entry, session, this.feeds(session, call), this.fetches(session, wanted))
      : {};
    // Only now, so that a failed run changes nothing.
    const after = new Map(call.lengths.after);
    for (const { name, dim, axis } of this.signature.states) {
      const present = this.caches.has(name) ? undefined : results[this.presentOf(name)];
      if (present) {
        this.grown.set(name, present);
        // A run may count how much it adds.
        after.set(dim, present.dims[this.model.target.states[name]?.perm.indexOf(axis) ?? axis] ?? 0);
      } else if (after.has(dim)) this.grown.delete(name);
    }
    this.current = new Map([...this.current, ...after]);
    return this.outputs(entry, wanted, results);
  }

  private feeds(session: RuntimeSession, { entry, inputs, dims, lengths }: CheckedCall): Record<string, Tensor> {
    return makeFeeds(this.model, entry, session, {
      input: (name) => inputs[name],
      given: (told) => givenTensor(told, [lengths], evaluateSize(told.rows, dims)),
      past: (state) => this.past(state, dims),
    });
  }

  /** States that are held at full capacity are written where they are. */
  private fetches(session: RuntimeSession, wanted: readonly string[]): Record<string, Tensor | null> {
    const held = (state: string) => (this.caches.has(state) ? this.caches.view(state, this.row, 1) : null);
    return makeFetches(this.model, session, wanted, held);
  }

  /** A state as the model takes it. Throws InputError when the call's sizes are not those that it was made with. */
  private past(state: StateSpec, dims: ReadonlyMap<string, number>): Tensor {
    if (this.caches.has(state.name)) return this.caches.view(state.name, this.row, 1);
    const sizes = state.shape.map((size) => evaluateSize(size, dims));
    const perm = this.model.target.states[state.name]?.perm ?? [];
    const shape = perm.map((axis) => sizes[axis] ?? 0);
    const past = this.grown.get(state.name) ?? emptyTensor(state.dtype, shape);
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
    results: Readonly<Record<string, Tensor>>,
  ): Record<string, HostTensor> {
    const specs = this.signature.entries[entry]?.outputs ?? [];
    const given = specs.flatMap(({ name, dtype }) => {
      const tensor = wanted.includes(name) ? results[name] : undefined;
      return tensor ? [[name, fromOrt(tensor, dtype)] as const] : [];
    });
    return Object.fromEntries(given);
  }

  private presentOf(state: string): string {
    return this.model.target.states[state]?.present ?? '';
  }

  private requireAlive(): void {
    if (this.disposed) throw new Error(`model ${this.signature.name} was disposed`);
  }
}
