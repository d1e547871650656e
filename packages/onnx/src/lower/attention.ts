import {
  addDims,
  broadcastShapes,
  type Dim,
  headCounts,
  type ops,
  sameDim,
  type Value,
  visibilityOperands,
} from '@casement/ir';
import { type Context, type LowerWhole, operand, resultOf } from '../context.ts';
import type { Tensor } from '../graphWriter.ts';
import type { AppendedVersion } from '../states.ts';
import { mergedShape } from '../values.ts';
import type { Appended, AttentionCall } from './attentionCall.ts';
import { allButLast, hideLast, sameSegment, visiblePairs, zeroKey } from './attentionMask.ts';
import { groupQueryAttention, takesCall } from './groupQueryAttention.ts';

/**
 * ONNX's attention takes rows with merged heads, and a past with heads first. Its causal rule counts the past, so it
 * is the IR's exactly when there are as many new keys as queries.
 */
export const attention: LowerWhole<typeof ops.attention> = (ctx, node, attrs) => {
  const [q, k, v] = [operand(node, 0), operand(node, 1), operand(node, 2)];
  const [queries, keys] = [q.type.shape[1] ?? 0, k.type.shape[1] ?? 0];
  if ([q, k, v].some(({ type }) => typeof type.shape[3] !== 'number')) return 'the head sizes are not fixed';
  if (ctx.dims.least(queries) < 1) return 'there may be no query';
  const square = sameDim(queries, keys);
  const { segments, mask } = visibilityOperands(node.inputs, 3);
  const call = (): AttentionCall => {
    const result = resultOf(node);
    const type = { dtype: result.type.dtype, shape: mergedShape(result.type.shape) };
    const named = { name: ctx.values.nameOf(result, 'merged'), type };
    ctx.values.set(result, 'merged', named);
    const dim = k.state === undefined ? '' : ctx.states.dimOf(k);
    return { ...attrs, node, dim, q, k, v, ...headCounts(q.type, k.type), queries, keys, mask, result: named };
  };
  if (segments === undefined) {
    const rows = newRows(ctx, k, v);
    if (rows && ctx.dims.least(rows.length) > 0 && (!attrs.causal || sameDim(rows.length, queries))) {
      return appendAndAttend(ctx, call(), rows);
    }
    const isCache = k.state !== undefined && v.state !== undefined;
    if (!attrs.causal && (isCache || ctx.dims.least(keys) < 1)) return readCache(ctx, call());
  }
  if (attrs.causal && !square) return 'causal, with more keys than queries and no append of its own';
  if (ctx.dims.least(keys) < 1) return 'there may be no key';
  const one = call();
  const visible = and(ctx, segments && sameSegment(ctx, segments.q, segments.k), maskOf(ctx, one));
  return emitAttention(ctx, one, [ctx.values.get(k, 'merged'), ctx.values.get(v, 'merged'), visible], []);
};

/** The mask of a call at the size that ONNX Runtime wants. */
function maskOf(ctx: Context, { mask, queries, keys }: AttentionCall): Tensor | undefined {
  return mask && visiblePairs(ctx, mask, queries, keys);
}

function and({ writer }: Context, a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b) return a ?? b;
  const shape = broadcastShapes(a.type.shape, b.type.shape);
  return writer.op('And', [a, b], writer.fresh('mask.both', { dtype: 'bool', shape }));
}

/** The two appends that made keys and values, and how many rows each adds. */
interface NewRows {
  readonly key: AppendedVersion;
  readonly value: AppendedVersion;
  readonly length: Dim;
}

/** The appends behind keys and values, unless something has read their results already. */
function newRows({ states, values }: Context, k: Value, v: Value): NewRows | undefined {
  const [ofKey, ofValue] = [states.versionOf(k), states.versionOf(v)];
  if (k === v || ofKey.kind !== 'appended' || ofValue.kind !== 'appended') return undefined;
  const emptied = [ofKey, ofValue].some(({ base }) => states.versionOf(base).kind === 'empty');
  const read = [k, v].some((value) => states.layoutOf(value).form !== 'heads' || values.isMade(value, 'heads'));
  if (emptied || read) return undefined;
  return { key: ofKey, value: ofValue, length: ofKey.x.type.shape[1] ?? 0 };
}

function appendAndAttend(ctx: Context, call: AttentionCall, rows: NewRows): undefined {
  const { values, states } = ctx;
  const present = (end: Value): Tensor => {
    const tensor = { name: values.nameOf(end, 'heads'), type: states.typeOf(end) };
    values.set(end, 'heads', tensor);
    return tensor;
  };
  const { key, value } = rows;
  const appended: Appended = {
    past: [values.get(key.base, 'heads'), values.get(value.base, 'heads')],
    rows: () => [values.get(key.x, 'merged'), values.get(value.x, 'merged')],
    present: [present(call.k), present(call.v)],
  };
  const preallocated = ctx.fused.preallocated.has(call.dim);
  if (preallocated || (ctx.profile === 'ort' && takesCall(call))) return groupQueryAttention(ctx, call, appended);
  return emitAttention(ctx, call, [...appended.rows(), maskOf(ctx, call), ...appended.past], appended.present);
}

/**
 * Reads a cache that may be empty. ONNX Runtime refuses attention without any new key, so one zero key is given that
 * no query sees, and the cache is the past; a query that sees nothing gets zeros.
 */
function readCache(ctx: Context, call: AttentionCall): undefined {
  const { values, writer } = ctx;
  const past = [values.get(call.k, 'heads'), values.get(call.v, 'heads')];
  const zeros = [zeroKey(ctx, call.k), zeroKey(ctx, call.v)];
  const visible = maskOf(ctx, call);
  const computed = () => allButLast(ctx, call.queries, call.keys);
  const known = ctx.profile === 'ort' && call.dim !== '' && String(call.keys) === call.dim;
  const mask = visible ? hideLast(ctx, visible) : known ? ctx.given('visible', call.dim) : computed();
  // Nobody reads the presents, but ONNX Runtime wants them named when there is a past.
  const presents = past.map(({ type }) => {
    const shape = type.shape.map((dim, axis) => (axis === 2 ? addDims(dim, 1) : dim));
    return writer.fresh(`${call.result.name}.unused`, { dtype: type.dtype, shape });
  });
  return emitAttention(ctx, call, [...zeros, mask, ...past], presents);
}

function emitAttention(
  ctx: Context,
  { q, causal, scale, heads, kvHeads, result }: AttentionCall,
  inputs: readonly (Tensor | undefined)[],
  presents: readonly Tensor[],
): undefined {
  const attrs = {
    is_causal: { int: causal ? 1 : 0 },
    q_num_heads: { int: heads },
    kv_num_heads: { int: kvHeads },
    scale: { float: scale },
  };
  ctx.writer.node('Attention', [ctx.values.get(q, 'merged'), ...inputs], [result, ...presents], { attrs });
  return undefined;
}
