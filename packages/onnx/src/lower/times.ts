import type { Context } from '../context.ts';
import type { Tensor } from '../graphWriter.ts';

/** A tensor of f32 times a number, which may be 1. */
export function times({ writer }: Context, x: Tensor, factor: number): Tensor {
  const { dtype, shape } = x.type;
  if (factor === 1) return x;
  return writer.op(
    'Mul',
    [x, writer.constant('f32', [1], [factor])],
    writer.fresh(`${x.name}.scaled`, { dtype, shape }),
  );
}
