import type { DimSpec, DTypeName } from './manifest.ts';

/**
 * `plan.json`: everything WebGPU needs to run a model, decided at build time. The signature says what the model is;
 * each variant says how one class of devices runs it. A loader takes the first variant that is made for the adapter and
 * that the device can run, or the one it is told to take.
 */
export interface Plan {
  readonly format: 'casement-plan/2';
  readonly name: string;
  readonly signature: PlanSignature;
  readonly variants: readonly PlanVariant[];
}

/** A size: a number, or the sum of its terms divided by `over`. */
export type Size = number | SizeSum;

export interface SizeSum {
  readonly sum: readonly SizeTerm[];
  readonly over: number;
}

/** `[2, 'h', 'w']` is 2·h·w. */
export type SizeTerm = readonly [coefficient: number, ...factors: SizeFactor[]];

/** A dim, or a sum over a divisor rounded down. */
export type SizeFactor = string | { readonly floor: SizeSum };

export interface PlanSignature {
  /** Bounds of every dim, in the order in which kernels see them. */
  readonly dims: Readonly<Record<string, DimSpec>>;
  readonly states: Readonly<Record<string, StateSignature>>;
  readonly entries: Readonly<Record<string, EntrySignature>>;
}

export interface TensorSignature {
  readonly dtype: DTypeName;
  readonly shape: readonly Size[];
}

export interface InputSignature extends TensorSignature {
  /** Set for indices: every element must be at least 0 and below this. */
  readonly below?: number;
}

/** `shape[axis]` is the dim that counts the state's length. */
export interface StateSignature extends TensorSignature {
  readonly axis: number;
  readonly dim: string;
  readonly capacity: number;
}

export interface EntrySignature {
  readonly inputs: Readonly<Record<string, InputSignature>>;
  readonly outputs: Readonly<Record<string, TensorSignature>>;
  /** States that the entry reads or updates. */
  readonly states: readonly string[];
  /**
   * Dims that kernels count and write into the dims, in order, and the most that each can be: what grids and memory are
   * for. Absent where there are none.
   */
  readonly counted?: Readonly<Record<string, Size>>;
  /** Length of each growing dim after a run; dims left alone are absent. */
  readonly lengths: Readonly<Record<string, Size>>;
}

export interface PlanVariant {
  readonly name: string;
  /** Adapters that it is made for: those that run on the CPU, or the others. Absent: all. */
  readonly adapters?: 'cpu' | 'gpu';
  readonly requires: DeviceRequirements;
  readonly buffers: Readonly<Record<string, BufferSpec>>;
  readonly uploads: readonly Upload[];
  readonly kernels: Readonly<Record<string, KernelSpec>>;
  readonly entries: Readonly<Record<string, EntryPlan>>;
}

/** Names of WebGPU features, and the least value of each WebGPU limit. */
export interface DeviceRequirements {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** `inputs` starts with the dims (one u32 each), then the inputs of the entry that runs. */
export type BufferKind = 'weights' | 'constants' | 'state' | 'inputs' | 'arena' | 'loop';

export interface BufferSpec {
  readonly kind: BufferKind;
  readonly bytes: number;
}

export interface BufferRange {
  readonly buffer: string;
  /** A multiple of 256. */
  readonly offset: number;
  readonly bytes: number;
}

/** Bytes of a file that go into a buffer at load. */
export interface Upload {
  readonly file: string;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly buffer: string;
  readonly offset: number;
}

export type BindingAccess = 'uniform' | 'read' | 'read_write';

export interface KernelSpec {
  /** A WGSL file whose entry point is `main`. */
  readonly file: string;
  /** Access of binding 0, 1, … of group 0. */
  readonly bindings: readonly BindingAccess[];
  /** How many steps of each grid axis one workgroup covers. */
  readonly tile: readonly number[];
  /** Compiled when it is needed first, which it may never be. */
  readonly later?: true;
}

export interface EntryPlan extends DispatchList {
  readonly inputs: Readonly<Record<string, BufferRange>>;
  /** Lists for runs in which dims have certain values; the first that fits is run instead of the entry's own. */
  readonly special?: readonly SpecialList[];
}

/** What a run does, and where its results are. */
export interface DispatchList {
  readonly outputs: Readonly<Record<string, BufferRange>>;
  readonly dispatches: readonly DispatchPlan[];
}

export interface SpecialList extends DispatchList {
  /** `{"seq": 1}`: runs of one token. */
  readonly when: Readonly<Record<string, number>>;
  /** How the list goes on by itself, token after token. Absent where it cannot. */
  readonly loop?: DecodeLoop;
}

/**
 * A list that reads one token and gives logits chooses the next token on the device: it is what the next run reads, so
 * tokens follow each other without the host. After each run, and before the first one, the dispatches of a choice are
 * run; but for the first time, positions and lengths go on by one run with it.
 */
export interface DecodeLoop {
  /** Words, as `LOOP_SETTINGS` names them. */
  readonly settings: BufferRange;
  /** What is known about each token: a word for each fact and token, as `TOKEN_FACTS` names them. */
  readonly facts: BufferRange;
  /** A ring of the newest tokens. */
  readonly newest: BufferRange;
  /** A word: the token that was chosen, or 0xffffffff if no logit is a number. */
  readonly chosen: BufferRange;
  /** Chooses from logits as the model gives them. */
  readonly plain: ChoicePlan;
  /** Chooses from what penalties and biases make of them. */
  readonly scored: ChoicePlan;
}

export interface ChoicePlan {
  /** Makes scores of logits. */
  readonly score: readonly DispatchPlan[];
  /** Before the choice, if only the likeliest are drawn from. */
  readonly threshold: readonly DispatchPlan[];
  readonly choose: readonly DispatchPlan[];
}

export interface DispatchPlan {
  readonly kernel: string;
  /** Value and scope, for messages and profiles. */
  readonly label: string;
  /** One axis: workgroups past the limit of x continue along y, and the kernel knows. Otherwise x, y, z. */
  readonly grid: readonly Size[];
  readonly bindings: readonly BufferRange[];
}
