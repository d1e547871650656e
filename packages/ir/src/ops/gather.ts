import { arity, axisOf, inputAt, requireDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { elementCount, makeTensor } from '../tensor.ts';

type GatherAttrs = { readonly axis: number };

export const gather: CoreOp<GatherAttrs> & { readonly name: 'gather' } = {
  kind: 'core',
  name: 'gather',
  summary: 'Slices of a table along an axis, picked by i32 indices; an embedding lookup with axis 0',
  infer(inputs, { axis }) {
    arity(inputs, 2);
    const [table, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    requireDType('i32', indices);
    const at = axisOf(axis, table.shape.length);
    return [
      { dtype: table.dtype, shape: [...table.shape.slice(0, at), ...indices.shape, ...table.shape.slice(at + 1)] },
    ];
  },
  reference(inputs, { axis }, outputs) {
    const [table, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const { dtype, shape } = inputAt(outputs, 0);
    const at = axisOf(axis, table.shape.length);
    const rows = table.shape[at] ?? 0;
    const inner = elementCount(table.shape.slice(at + 1));
    const picked = indices.data.length;
    for (const index of indices.data) {
      if (index < 0 || index >= rows) throw new RangeError(`gather: index ${index} is outside 0 … ${rows - 1}`);
    }
    return [
      makeTensor(dtype, shape, (i) => {
        const outer = Math.floor(i / (inner * picked));
        const row = indices.data[Math.floor(i / inner) % picked] ?? 0;
        return table.data[(outer * rows + row) * inner + (i % inner)] ?? 0;
      }),
    ];
  },
  samples: [
    {
      name: 'embedding',
      inputs: [{ type: 'f32[7 3]' }, { type: 'i32[2 4]', draw: { below: 7 } }],
      attrs: { axis: 0 },
    },
    { name: 'columns', inputs: [{ type: 'f32[2 5 3]' }, { type: 'i32[2]', values: [4, 0] }], attrs: { axis: 1 } },
    { name: 'scalar index', inputs: [{ type: 'f32[5 3]' }, { type: 'i32[]', values: [2] }], attrs: { axis: 0 } },
    { name: 'none', inputs: [{ type: 'f32[5 3]' }, { type: 'i32[0]' }], attrs: { axis: 0 } },
  ],
};
