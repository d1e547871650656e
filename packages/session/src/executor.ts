import type { Decoding, DTypeName, LoopStart, Manifest, TokenChoice } from '@casement/runtime';

/**
 * A tensor in host memory, row-major. Floats of every dtype are Float32Array (executors convert to and from f16 and
 * bf16); i32 is Int32Array, i64 Float64Array of integers, u8 and bool Uint8Array.
 */
export interface HostTensor {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array | Float64Array;
}

export type HostTensors = Readonly<Record<string, HostTensor>>;

/** What an executor knows about its model; a manifest is one. */
export type ModelSignature = Pick<Manifest, 'name' | 'dtype' | 'dims' | 'entries' | 'states'>;

/**
 * A loaded model that can be run. It owns the states; runs are serial (a second `run` waits for the first).
 * Every executor refuses an unknown entry, a missing or extra input, a wrong dtype or shape, and a run that would
 * exceed a capacity, before anything is changed.
 */
export interface Executor {
  readonly target: 'reference' | 'onnx' | 'webgpu';
  readonly signature: ModelSignature;
  /** Current length of every growing dim. */
  readonly lengths: ReadonlyMap<string, number>;
  /** Runs an entry, updates the states it touches, and returns its outputs (all, or those named in `options.outputs`). */
  run(entry: string, inputs: HostTensors, options?: RunOptions): Promise<Record<string, HostTensor>>;
  /** Empties the states counted by `dim`, or all states. */
  reset(dim?: string): Promise<void>;
  /**
   * Lets an entry choose its tokens where it runs, from logits on, without bringing logits to the host. Absent where the
   * target cannot, undefined where the model cannot: then the host chooses. The states grow with every token.
   */
  decode?(entry: string, start: LoopStart): Promise<Decoding | undefined>;
  /** Why `decode` would give undefined for such a choice, in words; undefined: it would not. */
  whyNotDecode?(entry: string, choice: TokenChoice): string | undefined;
  /** Frees everything; any later call throws. */
  dispose(): Promise<void>;
}

export interface RunOptions {
  readonly outputs?: readonly string[];
  readonly signal?: AbortSignal;
}

export type { Decoding, LoopStart, TokenChoice } from '@casement/runtime';
