import { ops } from '@casement/ir';
import { lowerOp, resultOf } from '../lowering.ts';

export const constant = lowerOp(ops.constant, (node, context) => {
  const value = resultOf(node);
  context.alias(value, context.constant(value.type, node.attrs.values));
});
