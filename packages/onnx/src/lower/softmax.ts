import { axisOf, type ops } from '@casement/ir';
import { type LowerWhole, lowerTo, operand } from '../context.ts';

function along(opType: 'Softmax' | 'LogSoftmax'): LowerWhole<typeof ops.softmax> {
  return (ctx, node, { axis }) => {
    const at = axisOf(axis, operand(node, 0).type.shape.length);
    lowerTo(ctx, node, opType, { attrs: { axis: { int: at } } });
    return undefined;
  };
}

export const softmax = along('Softmax');
export const logSoftmax = along('LogSoftmax');
