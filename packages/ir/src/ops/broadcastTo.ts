import type { Dim } from '../dim.ts';
import { broadcastReader } from '../elementwise.ts';
import { arity, broadcastShapes, inputAt, requireShape } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

type BroadcastToAttrs = { readonly shape: readonly Dim[] };

export const broadcastTo: CoreOp<BroadcastToAttrs> & { readonly name: 'broadcastTo' } = {
  kind: 'core',
  name: 'broadcastTo',
  summary: 'x repeated along axes of size 1 (and new leading axes) up to a shape',
  infer(inputs, { shape }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    const stretched = { dtype: x.dtype, shape: broadcastShapes(x.shape, shape) };
    requireShape(stretched, shape, 'the broadcast result');
    return [{ dtype: x.dtype, shape }];
  },
  reference(inputs, _attrs, outputs) {
    const { dtype, shape } = inputAt(outputs, 0);
    return [makeTensor(dtype, shape, broadcastReader(inputAt(inputs, 0), shape))];
  },
  samples: [
    { name: 'new axis', inputs: [{ type: 'f32[3]' }], attrs: { shape: [2, 3] } },
    { name: 'stretch', inputs: [{ type: 'i32[2 1 3]', draw: { below: 9 } }], attrs: { shape: [2, 4, 3] } },
  ],
};
