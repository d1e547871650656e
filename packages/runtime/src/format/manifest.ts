/**
 * `casement.json`: what an artifact folder holds and what a host must know to run it. Both targets and all executors
 * share it; `plan.json` and the `.onnx` files are theirs alone.
 */
export interface Manifest {
  readonly format: 'casement/1';
  readonly name: string;
  /** What `float` became in this build. */
  readonly dtype: 'f32' | 'f16' | 'bf16';
  readonly dims: Readonly<Record<string, DimSpec>>;
  readonly entries: Readonly<Record<string, EntrySpec>>;
  readonly states: readonly StateSpec[];
  readonly weights: WeightsSpec;
  readonly targets: { readonly onnx?: OnnxTarget; readonly webgpu?: WebGpuTarget };
  /** Absent when the model came without: then token ids go in and come out. */
  readonly processor?: ProcessorSpec;
}

export type DTypeName = 'f32' | 'f16' | 'bf16' | 'i32' | 'i64' | 'u8' | 'bool';

export interface DimSpec {
  readonly min: number;
  readonly max: number;
  readonly multipleOf: number;
}

/** A tensor at the boundary. A size is a number or an expression over dims (`"past + seq"`). */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DTypeName;
  readonly shape: readonly (number | string)[];
  /** Set for indices (token ids): every element must be at least 0 and below this. */
  readonly below?: number;
}

export interface EntrySpec {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Dims that a run itself counts, in order, and the most that each can be, as an expression over dims known before.
   * Absent where there are none.
   */
  readonly counted?: Readonly<Record<string, number | string>>;
  /** Length of each growing dim after a run, as an expression over dims (`"past + seq"`); dims left alone are absent. */
  readonly lengths: Readonly<Record<string, number | string>>;
}

/** A cache that lives from run to run: it grows along `axis`, counted by `dim`, up to `capacity`. */
export interface StateSpec extends TensorSpec {
  readonly axis: number;
  readonly dim: string;
  readonly capacity: number;
}

export interface WeightsSpec {
  readonly bytes: number;
  readonly shards: readonly ShardSpec[];
}

export interface ShardSpec {
  readonly file: string;
  readonly bytes: number;
  /** Of the whole file, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Of its consecutive parts of `bytes` each (the last may be shorter): what a loader fetches, checks and keeps. */
  readonly chunks: { readonly bytes: number; readonly sha256: readonly string[] };
}

/**
 * What lies between people and the model: how text and pictures become inputs, and how answers are drawn. Files are the
 * checkpoint's own, in the artifact's folder, under the names that Hugging Face gives them.
 */
export interface ProcessorSpec {
  /** `tokenizer.json` and what belongs to it, chat template included. Absent: token ids only. */
  readonly tokenizer?: readonly string[];
  /** How pictures are resized and normalised. */
  readonly preprocessor?: string;
  /** How the model's makers draw tokens. */
  readonly generation?: string;
  /** Ids that end an answer, where `generation` names none. */
  readonly stopTokens?: readonly number[];
  /** Absent: the model takes no images. */
  readonly images?: ImageSpec;
}

/** How images stand in a prompt; whether they enter the text is told by the entries, `insertImage` or `openWindow`. */
export interface ImageSpec {
  /** Id of the token that stands for an image, or for each of an image's tokens, in prompts. */
  readonly token?: number;
  /** Text tokens around every image, for models that keep images out of the text. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** What a vision encoder was made for; absent when the model takes image tokens. Sides are in pixels and in patches. */
  readonly patches?: { readonly side: number; readonly frames: number; readonly merge: number };
}

export interface OnnxTarget {
  /** `onnx`: ai.onnx only; `ort`: com.microsoft too. */
  readonly profile: 'onnx' | 'ort';
  readonly opset: number;
  /** An entry that only empties states has no model. */
  readonly entries: Readonly<Record<string, OnnxEntry>>;
  readonly states: Readonly<Record<string, OnnxState>>;
}

/** An ONNX model. Beside the entry's inputs, it takes the pasts of the states it reads and what is `given`. */
export interface OnnxEntry {
  readonly file: string;
  /** Why only ONNX Runtime's CUDA provider can run it; absent: the CPU can, too. */
  readonly cudaOnly?: string;
  /** Inputs that the executor computes from the lengths of states; absent: none. */
  readonly given?: readonly GivenInput[];
  /** Inputs that must be below a number, and not negative. */
  readonly below?: Readonly<Record<string, number>>;
  /** Present: the model takes several sequences in a run, [batch …], of which each adds as many rows to its states. */
  readonly batch?: OnnxBatching;
}

export interface OnnxBatching {
  /** Which axis of an input counts sequences; inputs that are absent are the same for all. */
  readonly axes: Readonly<Record<string, number>>;
  /** Where two sequences add a row at the same place in the cache counted by `dim`, `input` must be the same. */
  readonly alike: readonly { readonly input: string; readonly dim: string }[];
}

/**
 * An input that tells a model how long the states counted by `dim` are:
 *   `lastKey`   i32[batch]        the length of each sequence's states after the run, minus one (`seqlens_k`)
 *   `total`     i32[1]            the longest of these lengths
 *   `slots`     i64[batch seq 1]  the place in the states of every new row
 *   `visible`   bool[seq keys+1]  true, but false in the last column: there is no such key
 * `rows` is what `seq` stands for here: how many tokens each sequence brings.
 */
export interface GivenInput {
  readonly input: string;
  readonly kind: 'lastKey' | 'total' | 'slots' | 'visible';
  readonly dim: string;
  readonly rows: number | string;
}

/** How a state is fed and read back. `perm` turns the state's axes into the ONNX tensor's. */
export interface OnnxState {
  readonly past: string;
  readonly present: string;
  readonly perm: readonly number[];
  /**
   * The tensors have this length always, and what counts is given. Past and present may be one buffer, which is then
   * updated in place. Absent: they are as long as the state.
   */
  readonly capacity?: number;
  /** The tensors hold the state times this; absent: the state. */
  readonly factor?: number;
}

export interface WebGpuTarget {
  readonly plan: string;
}
