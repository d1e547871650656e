import { type Dim, headCounts, type Node, sameDim, type Value, visibilityOperands } from '@casement/ir';
import type { Context } from '../context.ts';
import { ELEM_TYPE, MICROSOFT } from '../enums.ts';
import type { Uses } from '../fuse/uses.ts';
import type { Tensor } from '../graphWriter.ts';
import type { Appended, AttentionCall } from './attentionCall.ts';
import { anglesBySlot } from './rotaryTables.ts';
import { times } from './times.ts';

/**
 * Why ONNX Runtime's own kernel does not take an attention; undefined: it does. It is always causal, without a mask, with
 * heads of a multiple of 8, keys as wide as values, one sequence (several only where `batchGraph` made them of one), and
 * as many new keys as queries.
 */
export function whyNotGroupQueryAttention({ inputs, attrs }: Node, uses: Pick<Uses, 'producerOf'>): string | undefined {
  const [q, k, v] = inputs;
  const { segments, mask } = visibilityOperands(inputs, 3);
  const [keys, values] = [uses.producerOf(k), uses.producerOf(v)];
  if (!q || !k || !v || k === v) return 'keys are values, too';
  if (segments || mask) return 'attention has a mask';
  if (attrs.causal !== true) return 'attention is not causal';
  if (keys?.op.name !== 'append' || values?.op.name !== 'append') return 'attention reads rows that it did not append';
  const rows = keys.inputs[1]?.type.shape[1] ?? 0;
  if (!sameDim(rows, q.type.shape[1] ?? 0)) return 'there are not as many new keys as queries';
  if (k.type.shape[0] !== 1) return 'the program has several sequences of its own';
  return hasFittingHeads(q, k, v) ? undefined : 'heads are no multiple of 8, or keys and values differ in size';
}

function hasFittingHeads(q: Value, k: Value, v: Value): boolean {
  const [size, width] = [k.type.shape[3], v.type.shape[3]];
  const { heads, kvHeads } = headCounts(q.type, k.type);
  return typeof size === 'number' && size % 8 === 0 && sameDim(size, width ?? 0) && heads % kvHeads === 0;
}

/** The same for a call whose operands are known to be appended rows; see `attention`. */
export function takesCall({ causal, mask, q, k, v }: AttentionCall): boolean {
  return causal && !mask && k.type.shape[0] === 1 && hasFittingHeads(q, k, v);
}

/**
 * Appends to the cache and attends. Where queries, keys and values come side by side, the op also rotates them: it
 * looks angles up by the place in the cache, where `anglesBySlot` puts those of the tokens' true positions.
 */
export function groupQueryAttention(ctx: Context, call: AttentionCall, { past, rows, present }: Appended): undefined {
  const { values, writer, fused } = ctx;
  const { dim } = call;
  const folded = fused.foldedScales.get(call.k.state ?? '');
  const factor = Math.sqrt(folded ?? 1);
  const together = fused.qkv.get(call.node);
  const lengths = fused.preallocated.has(dim)
    ? [ctx.given('lastKey', dim), ctx.given('total', dim)]
    : computedLengths(ctx, call.keys);
  const packed = together && [values.plain(together.value), undefined, undefined];
  const angles = together?.rope && anglesBySlot(ctx, call.q, together.rope, dim, factor);
  const apart = () => {
    const query = times(ctx, values.get(call.q, 'merged'), factor);
    const [key, value] = rows();
    return [query, times(ctx, key, factor), value];
  };
  const sink = fused.writesScores(call.node) ? [undefined, undefined, noSink(ctx, call.heads)] : [];
  const extra = angles || sink.length > 0 ? [angles?.cosine, angles?.sine, ...sink] : [];
  const inputs = [...(packed ?? apart()), ...past, ...lengths, ...extra];
  const rotary = angles && {
    do_rotary: { int: 1 },
    rotary_interleaved: { int: together?.rope?.attrs.layout === 'interleaved' ? 1 : 0 },
  };
  writer.node('GroupQueryAttention', inputs, [call.result, ...present], {
    domain: MICROSOFT,
    attrs: {
      num_heads: { int: call.heads },
      kv_num_heads: { int: call.kvHeads },
      scale: { float: folded === undefined ? call.scale : 1 },
      ...rotary,
    },
  });
  return undefined;
}

/**
 * A sink that draws no attention. With one, ONNX Runtime's CPU takes the kernel that writes scores out, which is the
 * faster one: 1.4 times for chunks, and for single tokens where the scale is folded; see `foldedScales`.
 */
function noSink({ writer }: Context, heads: number): Tensor {
  return writer.constant('f32', [heads], new Array<number>(heads).fill(Number.NEGATIVE_INFINITY), 'no_sink');
}

/** The index of the last key and the number of keys, from the shapes of tensors that grow; both i32[1]. */
function computedLengths({ dims, writer, once }: Context, keys: Dim): readonly [Tensor, Tensor] {
  return once(`lengths ${keys}`, () => {
    const size = dims.size(keys);
    const narrow = writer.fresh(`${size.name}.i32`, { dtype: 'i32', shape: [1] });
    const total = writer.op('Cast', [size], narrow, { attrs: { to: { int: ELEM_TYPE.i32 } } });
    const one = writer.constant('i32', [1], [1]);
    return [writer.op('Sub', [total, one], writer.fresh('last_key', total.type)), total] as const;
  });
}
