import { type Dim, sameDim } from '@casement/ir';
import type { Context } from '../context.ts';
import { ELEM_TYPE, MICROSOFT } from '../enums.ts';
import type { Tensor } from '../graphWriter.ts';
import type { Appended, AttentionCall } from './attentionCall.ts';

/**
 * Whether ONNX Runtime's own kernel takes this: always causal, no mask, heads of a multiple of 8, keys as wide as values, and
 * on the CPU one sequence only when several tokens meet a past.
 */
export function takesGroupQueryAttention({ causal, mask, k, v }: AttentionCall): boolean {
  const [size, width] = [k.type.shape[3], v.type.shape[3]];
  return (
    causal && !mask && k.type.shape[0] === 1 && typeof size === 'number' && size % 8 === 0 && sameDim(size, width ?? 0)
  );
}

/** Appends to the cache and attends. Positions are rotated outside, so the op's own rotary stays off. */
export function groupQueryAttention(ctx: Context, call: AttentionCall, { past, rows, present }: Appended): undefined {
  const total = totalLength(ctx, call.keys);
  const inputs = [ctx.values.get(call.q, 'merged'), ...rows, ...past, lastPosition(ctx, call.keys, total), total];
  ctx.writer.node('GroupQueryAttention', inputs, [call.result, ...present], {
    domain: MICROSOFT,
    attrs: { num_heads: { int: call.heads }, kv_num_heads: { int: call.kvHeads }, scale: { float: call.scale } },
  });
  return undefined;
}

/** Keys with the new ones, as i32[1]. */
function totalLength({ dims, writer, once }: Context, keys: Dim): Tensor {
  return once(`total length ${keys}`, () => {
    const size = dims.size(keys);
    const narrow = writer.fresh(`${size.name}.i32`, { dtype: 'i32', shape: [1] });
    return writer.op('Cast', [size], narrow, { attrs: { to: { int: ELEM_TYPE.i32 } } });
  });
}

/** The op's `seqlens_k`: the index of the last key. */
function lastPosition({ writer, once }: Context, keys: Dim, total: Tensor): Tensor {
  return once(`last position ${keys}`, () =>
    writer.op('Sub', [total, writer.constant('i32', [1], [1])], writer.fresh('last_key', total.type)),
  );
}
