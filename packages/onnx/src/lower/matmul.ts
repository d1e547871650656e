import type { ops } from '@casement/ir';
import { type Lower, lowerTo } from '../context.ts';

export const matmul: Lower<typeof ops.matmul> = (ctx, node) => lowerTo(ctx, node, 'MatMul');
