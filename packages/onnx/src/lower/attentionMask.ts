import { addDims, type Dim, type Value } from '@casement/ir';
import { encodeValues } from '../bytes.ts';
import type { Context } from '../context.ts';
import type { Tensor } from '../graphWriter.ts';
import { inlineTensor } from '../proto.ts';
import { mergedShape } from '../values.ts';

/** bool[queries keys+1]: every key but the last is visible. */
export function allButLast({ dims, writer, once }: Context, queries: Dim, keys: Dim): Tensor {
  return once(`all but last ${queries} ${keys}`, () => {
    const yes = inlineTensor('', 'bool', [1], encodeValues('bool', [1]));
    const visible = writer.fresh('mask.visible', { dtype: 'bool', shape: [queries, keys] });
    writer.op('ConstantOfShape', [dims.vector([queries, keys])], visible, { attrs: { value: { tensor: yes } } });
    const mask = writer.fresh('mask', { dtype: 'bool', shape: [queries, addDims(keys, 1)] });
    return writer.op('Pad', [visible, writer.constant('i64', [4], [0, 0, 0, 1])], mask); // pads with false
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
