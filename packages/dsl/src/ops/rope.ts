import { ops } from '@casement/ir';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Dim, FloatDType } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

export interface RopeOptions {
  readonly theta: number;
  /** Which elements form a pair: i and i + headDim/2 (`half`, Llama), or 2i and 2i + 1 (`interleaved`, Helium). */
  readonly layout: 'half' | 'interleaved';
  /** How many pairs take their position from each axis of `positions` [axes batch seq]. */
  readonly sections?: readonly number[];
  /** Frequencies start anew in each section (2-D rotary of vision encoders); else they go on (M-RoPE). */
  readonly axial?: boolean;
}

/** Rotary position embedding: x [batch seq heads headDim], positions i32 [batch seq], or [axes batch seq] with sections. */
export function rope<T extends FloatDType, B extends Dim, L extends Dim, H extends Dim, E extends Dim>(
  x: Tensor<T, readonly [B, L, H, E]>,
  positions: Tensor<'i32', readonly [NoInfer<B>, NoInfer<L>] | readonly [Dim, NoInfer<B>, NoInfer<L>]>,
  { theta, layout, sections = [], axial = false }: RopeOptions,
): Tensor<T, readonly [B, L, H, E]> {
  return emit(callerOf(rope), ops.rope, [x, positions], { theta, layout, sections, axial }, x.dtype, x.shape);
}
