import type { ops } from '@casement/ir';
import { type Lower, lowerTo } from '../context.ts';

function pool<O extends typeof ops.maxPool2d | typeof ops.meanPool2d>(opType: 'MaxPool' | 'AveragePool'): Lower<O> {
  return (ctx, node, { size, stride }) =>
    lowerTo(ctx, node, opType, { attrs: { kernel_shape: { ints: size }, strides: { ints: stride } } });
}

export const maxPool2d = pool('MaxPool');
export const meanPool2d = pool('AveragePool');
