import type { Fusion } from './fusion.ts';

/** A Llama-like text decoder and how images enter it. Sizes are numbers of elements. */
export interface DecoderConfig {
  readonly name: string;
  readonly vocab: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly norm: NormConfig;
  readonly rope: RopeConfig;
  readonly bias: BiasConfig;
  /** `lm_head` is the embedding table. */
  readonly tied: boolean;
  /** Absent: text only. */
  readonly fusion?: Fusion;
  readonly capacity: Capacity;
}

export interface NormConfig {
  readonly eps: number;
  /** Multiply by the weight in f32, before casting back (Helium-preview); Llama and Qwen do after. */
  readonly scaleInF32: boolean;
}

export interface RopeConfig {
  readonly theta: number;
  /** Which elements of a head form a pair: i and i + headDim/2, or 2i and 2i + 1. */
  readonly layout: 'half' | 'interleaved';
  /** M-RoPE: how many pairs turn with each axis of the positions (time, row, column). Absent: positions are numbers. */
  readonly sections?: readonly number[];
}

export interface BiasConfig {
  readonly qkv: boolean;
  readonly o: boolean;
  readonly mlp: boolean;
}

/** How much the caches hold, and the longest input of one run; in tokens. */
export interface Capacity {
  /** Text history, with the image tokens inserted into it. */
  readonly text: number;
  /** Image tokens of the newest image and text since it. */
  readonly window: number;
  /** Tokens of one image. */
  readonly image: number;
  /** Text tokens of one run; longer text is fed in several. */
  readonly chunk: number;
}

export const DEFAULT_CAPACITY: Capacity = { text: 4096, window: 2048, image: 1024, chunk: 512 };
