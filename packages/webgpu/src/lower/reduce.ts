import { axisOf, type Op, ops } from '@casement/ir';
import { type Reduction, reduce } from '../kernels/reduce.ts';
import { inputOf, type Lowering, lowerOp, resultOf } from '../lowering.ts';

function reduction<A extends { readonly axis: number; readonly keepDims: boolean }>(
  op: Op<A> & { readonly name: Reduction },
): Lowering {
  return lowerOp(op, (node, context) => {
    const x = context.operand(inputOf(node, 0));
    const axis = axisOf(node.attrs.axis, x.type.shape.length);
    context.run(reduce(op.name, x, context.result(resultOf(node)), axis));
  });
}

/** Core ops. */
export const reduceLowerings = {
  argMax: reduction(ops.argMax),
  reduceMax: reduction(ops.reduceMax),
  reduceMean: reduction(ops.reduceMean),
  reduceSum: reduction(ops.reduceSum),
} satisfies Record<string, Lowering>;

/** Composite ops that the same kernel computes whole. */
export const minimumLowerings = {
  argMin: reduction(ops.argMin),
  reduceMin: reduction(ops.reduceMin),
} satisfies Record<string, Lowering>;
