import { addDims, type Dim, sameDim, sameShape, type Value } from '@casement/ir';
import { encodeValues } from '../bytes.ts';
import type { Context } from '../context.ts';
import type { GraphWriter, Tensor } from '../graphWriter.ts';
import { inlineTensor } from '../proto.ts';
import { mergedShape } from '../values.ts';

/** bool[queries keys+1]: every key but the last is visible. */
export function allButLast({ dims, writer, once }: Context, queries: Dim, keys: Dim): Tensor {
  return once(`all but last ${queries} ${keys}`, () => {
    const yes = inlineTensor('', 'bool', [1], encodeValues('bool', [1]));
    const visible = writer.fresh('mask.visible', { dtype: 'bool', shape: [queries, keys] });
    writer.op('ConstantOfShape', [dims.vector([queries, keys])], visible, { attrs: { value: { tensor: yes } } });
    return padLast(writer, visible);
  });
}

/** The mask [batch heads queries keys] with one more key, which no query sees. */
export function hideLast({ writer, once }: Context, mask: Tensor): Tensor {
  return once(`hide last ${mask.name}`, () => padLast(writer, mask));
}

function padLast(writer: GraphWriter, visible: Tensor): Tensor {
  const { shape } = visible.type;
  const ends = Array.from({ length: 2 * shape.length }, (_, i) => (i === 2 * shape.length - 1 ? 1 : 0));
  const wider = shape.map((dim, axis) => (axis === shape.length - 1 ? addDims(dim, 1) : dim));
  const mask = writer.fresh('mask', { dtype: 'bool', shape: wider });
  return writer.op('Pad', [visible, writer.constant('i64', [ends.length], ends)], mask); // pads with false
}

/** A mask with all queries and keys; batch and heads may stay 1. ONNX Runtime stretches only those itself. */
export function visiblePairs({ dims, values, writer, once }: Context, mask: Value, queries: Dim, keys: Dim): Tensor {
  const plain = values.plain(mask);
  const shape = [...mask.type.shape.slice(0, 2), queries, keys];
  if (sameShape(mask.type.shape, shape)) return plain;
  return once(`visible pairs ${mask.kind} ${mask.name} ${queries} ${keys}`, () => {
    // `Expand` takes 1 for a size that stays.
    const target = shape.map((dim, axis) => (sameDim(dim, mask.type.shape[axis] ?? 1) ? 1 : dim));
    return writer.op('Expand', [plain, dims.vector(target)], writer.fresh('mask.pairs', { dtype: 'bool', shape }));
  });
}

/** A zero row [batch 1 heads·size] for keys or values [batch keys heads size]. */
export function zeroKey({ dims, writer, once }: Context, { type }: Value): Tensor {
  const [batch = 1, , width = 1] = mergedShape(type.shape);
  const row = [1, 1, Number(width)]; // heads and their size are fixed
  const shape = [batch, 1, width];
  return once(`zero key ${type.dtype} ${shape.join(' ')}`, () => {
    const zero = writer.constant(type.dtype, row, new Array<number>(Number(width)).fill(0), 'zero_key');
    if (batch === 1) return zero;
    return writer.op(
      'Expand',
      [zero, dims.vector([batch, 1, 1])],
      writer.fresh('zero_keys', { dtype: type.dtype, shape }),
    );
  });
}

/** bool[batch 1 queries keys]: query and key belong to the same segment. */
export function sameSegment({ values, writer, once }: Context, q: Value, k: Value): Tensor {
  return once(`same segment ${q.kind} ${q.name} ${k.kind} ${k.name}`, () => {
    const [batch = 1, queries = 1] = q.type.shape;
    const keys = k.type.shape[1] ?? 1;
    const rows = values.reshape(values.plain(q), [batch, 1, queries, 1], writer.names.unique(`${q.name}.rows`));
    const columns = values.reshape(values.plain(k), [batch, 1, 1, keys], writer.names.unique(`${k.name}.columns`));
    const mask = writer.fresh('mask.segments', { dtype: 'bool', shape: [batch, 1, queries, keys] });
    return writer.op('Equal', [rows, columns], mask);
  });
}
