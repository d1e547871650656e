import type { ops } from '@casement/ir';
import { type Lower, resultOf } from '../context.ts';

/** An initializer; equal constants share one. */
export const constant: Lower<typeof ops.constant> = (ctx, node, { dtype, shape, values }) => {
  const result = resultOf(node);
  ctx.values.define(result, 'plain', () => ctx.writer.constant(dtype, shape, values, result.name));
};
