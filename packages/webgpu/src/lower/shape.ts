import { addDims, axisOf, type Dim, mulDims, ops } from '@casement/ir';
import { copyInto } from '../kernels/copyInto.ts';
import { copyStrided } from '../kernels/copyStrided.ts';
import { inputOf, type Lowering, lowerOp, resultOf } from '../lowering.ts';
import { stridesOf } from '../operand.ts';

/** Ops that move elements without changing them. */
export const shapeLowerings = {
  reshape: lowerOp(ops.reshape, (node, context) => {
    context.alias(resultOf(node), context.operand(inputOf(node, 0)));
  }),

  transpose: lowerOp(ops.transpose, (node, context) => {
    const x = context.stored(inputOf(node, 0));
    const strides = stridesOf(x);
    const order = node.attrs.perm.map((axis): Dim => strides[axis] ?? 1);
    context.run(copyStrided(x, context.result(resultOf(node)), { strides: order, start: 0 }));
  }),

  slice: lowerOp(ops.slice, (node, context) => {
    const x = context.stored(inputOf(node, 0));
    const strides = stridesOf(x);
    const axis = axisOf(node.attrs.axis, strides.length);
    const start = mulDims(node.attrs.start, strides[axis] ?? 1);
    context.run(copyStrided(x, context.result(resultOf(node)), { strides, start }));
  }),

  broadcastTo: lowerOp(ops.broadcastTo, (node, context) => {
    const x = context.stored(inputOf(node, 0));
    const { shape } = resultOf(node).type;
    const own = stridesOf(x).map((stride, axis): Dim => (x.type.shape[axis] === 1 ? 0 : stride));
    const strides = [...Array.from({ length: shape.length - own.length }, (): Dim => 0), ...own];
    context.run(copyStrided(x, context.result(resultOf(node)), { strides, start: 0 }));
  }),

  concat: lowerOp(ops.concat, (node, context) => {
    const y = context.result(resultOf(node));
    const axis = axisOf(node.attrs.axis, y.type.shape.length);
    let start: Dim = 0;
    for (const value of node.inputs) {
      context.run(copyInto(context.operand(value), y, axis, start));
      start = addDims(start, value.type.shape[axis] ?? 0);
    }
  }),
} satisfies Record<string, Lowering>;
