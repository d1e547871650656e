import { type AttentionAttrs, ops } from '@casement/ir';
import type { KvCache } from '../cache.ts';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Dim, FloatDType } from '../shape.ts';
import { type Tensor, traced } from '../tensor.ts';

export interface AttentionOptions<B extends Dim = Dim, Q extends Dim = Dim, K extends Dim = Dim, H extends Dim = Dim> {
  /** Query i sees key j iff j ≤ past + i, where past = keys − queries. */
  readonly causal: boolean;
  /** Factor of q·k; 1/√headDim unless given. */
  readonly scale?: number;
  /** Queries see only keys of their own segment (vision windows, packed sequences). */
  readonly segments?: { readonly q: Tensor<'i32', readonly [B, Q]>; readonly k: Tensor<'i32', readonly [B, K]> };
  /** Queries see only keys where this is true; a size of 1 holds for all: [batch 1 1 keys] hides padded keys. */
  readonly mask?: Tensor<'bool', readonly [B | 1, H | 1, Q | 1, K | 1]>;
}

/**
 * softmax(scale·q·kᵀ)·v per head, over a cache: q [batch q heads headDim] → the same shape. Query head h reads kv head
 * ⌊h·kvHeads/heads⌋; a query that sees no key gives zeros.
 */
export function attention<B extends Dim, Q extends Dim, H extends Dim, E extends Dim, K extends Dim>(
  q: Tensor<'float', readonly [B, Q, H, E]>,
  cache: KvCache<NoInfer<B>, K, Dim, NoInfer<E>>,
  options: AttentionOptions<NoInfer<B>, NoInfer<Q>, NoInfer<K>, NoInfer<H>>,
): Tensor<'float', readonly [B, Q, H, E]>;
/** The same over keys k [batch k kvHeads headDim] and values v [batch k kvHeads width] → [batch q heads width]. */
export function attention<
  T extends FloatDType,
  B extends Dim,
  Q extends Dim,
  H extends Dim,
  E extends Dim,
  K extends Dim,
  KH extends Dim,
  W extends Dim,
>(
  q: Tensor<T, readonly [B, Q, H, E]>,
  k: Tensor<NoInfer<T>, readonly [NoInfer<B>, K, KH, NoInfer<E>]>,
  v: Tensor<NoInfer<T>, readonly [NoInfer<B>, NoInfer<K>, NoInfer<KH>, W]>,
  options: AttentionOptions<NoInfer<B>, NoInfer<Q>, NoInfer<K>, NoInfer<H>>,
): Tensor<T, readonly [B, Q, H, W]>;
export function attention(
  q: Tensor<FloatDType>,
  ...rest: readonly [KvCache, AttentionOptions] | readonly [Tensor, Tensor, AttentionOptions]
): Tensor<FloatDType> {
  const [k, v, options] = rest.length === 2 ? [rest[0].keys, rest[0].values, rest[1]] : rest;
  const place = callerOf(attention);
  const shape = [...q.shape.slice(0, 3), v.shape[3] ?? 1];
  return emit(place, ops.attention, [q, k, v, ...hidden(options)], attrsOf(q, options), q.dtype, shape);
}

/**
 * The probabilities that `attention` weighs values with: q [batch q heads headDim], k [batch k kvHeads headDim] →
 * [batch heads q k]. For a cache give its `keys`.
 */
export function attentionWeights<
  T extends FloatDType,
  B extends Dim,
  Q extends Dim,
  H extends Dim,
  E extends Dim,
  K extends Dim,
>(
  q: Tensor<T, readonly [B, Q, H, E]>,
  k: Tensor<NoInfer<T>, readonly [NoInfer<B>, K, Dim, NoInfer<E>]>,
  options: AttentionOptions<NoInfer<B>, NoInfer<Q>, NoInfer<K>, NoInfer<H>>,
): Tensor<T, readonly [B, H, Q, K]> {
  const [batch, queries, heads] = q.shape;
  const shape = [batch, heads, queries, k.shape[1]];
  const place = callerOf(attentionWeights);
  return emit(place, ops.attentionWeights, [q, k, ...hidden(options)], attrsOf(q, options), q.dtype, shape);
}

function attrsOf(q: Tensor, { causal, scale }: AttentionOptions): AttentionAttrs {
  return { causal, scale: scale ?? Number(q[traced].value.type.shape[3]) ** -0.5 };
}

/** The operands that hide keys. */
function hidden({ segments, mask }: AttentionOptions): Tensor[] {
  return [...(segments ? [segments.q, segments.k] : []), ...(mask ? [mask] : [])];
}
