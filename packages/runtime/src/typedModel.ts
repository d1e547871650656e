import type { DTypeName } from './format/manifest.ts';
import type { WebGpuModel } from './model.ts';

/** The array that holds elements of each dtype. */
export interface ArrayOf {
  readonly f32: Float32Array;
  readonly f16: Float32Array;
  readonly bf16: Float32Array;
  readonly i32: Int32Array;
  readonly i64: Float64Array;
  readonly u8: Uint8Array;
  readonly bool: Uint8Array;
}

/** A host tensor of a known dtype and rank; a shape's elements carry the names of the sizes. */
export interface Tensor<D extends DTypeName, Shape extends readonly number[]> {
  readonly dtype: D;
  readonly shape: Readonly<Shape>;
  readonly data: ArrayOf[D];
}

/** What an artifact's `index.d.ts` says of each of its entries. */
export interface EntryTypes {
  readonly inputs: object;
  readonly outputs: object;
}

export interface TypedRunOptions<Output> {
  /** Outputs to bring to the host; default: all. */
  readonly outputs?: readonly Output[];
  /** Stops a run that has not begun. */
  readonly signal?: AbortSignal;
}

/** A loaded model that knows its entries and the dims that count its states. */
export interface TypedModel<Entries extends Readonly<Record<keyof Entries, EntryTypes>>, Counter extends string>
  extends Omit<WebGpuModel, 'run' | 'reset' | 'lengths'> {
  /** Current length of every growing dim. */
  readonly lengths: ReadonlyMap<Counter, number>;
  /** Runs an entry, updates the states it touches and returns outputs as host tensors. */
  run<E extends keyof Entries, O extends keyof Entries[E]['outputs'] = keyof Entries[E]['outputs']>(
    entry: E,
    inputs: Entries[E]['inputs'],
    options?: TypedRunOptions<O>,
  ): Promise<Pick<Entries[E]['outputs'], O>>;
  /** Empties the states counted by `dim`, or all states. */
  reset(dim?: Counter): Promise<void>;
}
