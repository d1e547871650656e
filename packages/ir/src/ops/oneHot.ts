import type { Dim } from '../dim.ts';
import { arity, inputAt, requireDType } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { equal } from './equal.ts';
import { iota } from './iota.ts';
import { reshape } from './reshape.ts';

type OneHotAttrs = { readonly size: Dim };

export const oneHot: CompositeOp<OneHotAttrs> & { readonly name: 'oneHot' } = {
  kind: 'composite',
  name: 'oneHot',
  summary: 'i32 […] → bool [… size]: true where the last index is the number; nowhere for numbers outside 0 … size−1',
  infer(inputs, { size }) {
    arity(inputs, 1);
    const indices = inputAt(inputs, 0);
    requireDType('i32', indices);
    return [{ dtype: 'bool', shape: [...indices.shape, size] }];
  },
  expand(emit, inputs, { size }) {
    const indices = inputAt(inputs, 0);
    const column = emit(reshape, [indices], { shape: [...indices.type.shape, 1] });
    return [emit(equal, [column, emit(iota, [], { size })], {})];
  },
  samples: [
    { name: 'matrix', inputs: [{ type: 'i32[2 3]', values: [0, 4, 2, -1, 5, 1] }], attrs: { size: 5 } },
    { name: 'scalar', inputs: [{ type: 'i32[]', values: [2] }], attrs: { size: 3 } },
    { name: 'none', inputs: [{ type: 'i32[0]' }], attrs: { size: 3 } },
  ],
};
