import type { NormConfig } from '../decoderConfig.ts';

/** Qwen2.5-VL's image encoder (arXiv 2502.13923). Sizes are numbers of elements, unless said otherwise. */
export interface VisionConfig {
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly heads: number;
  /** What a patch holds. A still image is repeated for every frame. */
  readonly patch: PatchConfig;
  /** Side of the square of patches that becomes one image token. */
  readonly merge: number;
  /** Side of an attention window, in patches; a multiple of `merge`. */
  readonly window: number;
  /** Indices of the blocks that attend over the whole image. */
  readonly fullAttention: readonly number[];
  readonly norm: NormConfig;
  /** Slowest turn of the rotary embedding; a patch's row turns one half of the pairs, its column the other. */
  readonly theta: number;
}

export interface PatchConfig {
  readonly channels: number;
  readonly frames: number;
  /** In pixels. */
  readonly side: number;
}
