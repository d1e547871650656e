import { ops } from '@casement/ir';
import { iota as iotaKernel } from '../kernels/iota.ts';
import { lowerOp, resultOf } from '../lowering.ts';

export const iota = lowerOp(ops.iota, (node, context) => {
  context.run(iotaKernel(context.result(resultOf(node))));
});
