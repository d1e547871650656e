import { axisOf, ops } from '@casement/ir';
import { copyInto } from '../kernels/copyInto.ts';
import { inputOf, type Lowering, lowerOp, resultOf } from '../lowering.ts';

/** Updates in place: the verifier has made sure that nobody reads an old version afterwards. */
export const stateLowerings = {
  append: lowerOp(ops.append, (node, context) => {
    const state = context.stored(inputOf(node, 0));
    const axis = axisOf(node.attrs.axis, state.type.shape.length);
    const added = context.operand(inputOf(node, 1));
    context.run(copyInto(added, state, axis, state.type.shape[axis] ?? 0));
    context.alias(resultOf(node), state);
  }),

  reset: lowerOp(ops.reset, (node, context) => {
    context.alias(resultOf(node), context.stored(inputOf(node, 0)));
  }),
} satisfies Record<string, Lowering>;
