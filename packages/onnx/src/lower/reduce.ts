import { axisOf, type ops } from '@casement/ir';
import { type Lower, type LowerWhole, lowerTo, operand } from '../context.ts';

type Reduce = Lower<typeof ops.reduceSum>;

/** The axis is an input since opset 18. */
function reduction(opType: string): Reduce {
  return (ctx, node, { axis, keepDims }) => {
    const x = operand(node, 0);
    const axes = ctx.writer.constant('i64', [1], [axisOf(axis, x.type.shape.length)]);
    lowerTo(ctx, node, opType, {
      inputs: [ctx.values.plain(x), axes],
      attrs: { keepdims: { int: keepDims ? 1 : 0 } },
    });
  };
}

const minimum = reduction('ReduceMin');

export const reduceMin: LowerWhole<typeof ops.reduceMin> = (ctx, node, attrs) => {
  minimum(ctx, node, attrs);
  return undefined;
};

export const reduceMax = reduction('ReduceMax');
export const reduceMean = reduction('ReduceMean');
export const reduceSum = reduction('ReduceSum');
