import { broadcastReader, type NoAttrs } from '../elementwise.ts';
import { arity, broadcastShapes, inputAt, requireDType, requireSameDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

export const where: CoreOp<NoAttrs> & { readonly name: 'where' } = {
  kind: 'core',
  name: 'where',
  summary: 'condition ? x : y; shapes broadcast',
  infer(inputs) {
    arity(inputs, 3);
    const [condition, x, y] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    requireDType('bool', condition);
    requireSameDType(x, y);
    return [{ dtype: x.dtype, shape: broadcastShapes(condition.shape, x.shape, y.shape) }];
  },
  reference(inputs, _attrs, outputs) {
    const { dtype, shape } = inputAt(outputs, 0);
    const readers = inputs.map((input) => broadcastReader(input, shape));
    const [condition, x, y] = [inputAt(readers, 0), inputAt(readers, 1), inputAt(readers, 2)];
    return [makeTensor(dtype, shape, (i) => (condition(i) ? x(i) : y(i)))];
  },
  samples: [
    {
      name: 'row condition',
      inputs: [{ type: 'bool[3]', values: [1, 0, 1] }, { type: 'f32[2 3]' }, { type: 'f32[]' }],
      attrs: {},
    },
    {
      name: 'integers',
      inputs: [
        { type: 'bool[2 1]', values: [1, 0] },
        { type: 'i32[3]', values: [1, 2, 3] },
        { type: 'i32[3]', values: [-1, -2, -3] },
      ],
      attrs: {},
    },
  ],
};
