import type { ops } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

type Elementwise = Lower<typeof ops.add>;

/** Ops that ONNX has under the same meaning, dtypes and broadcasting. */
function same(opType: string): Elementwise {
  return (ctx, node) => lowerTo(ctx, node, opType);
}

export const abs = same('Abs');
export const add = same('Add');
export const and = same('And');
export const cos = same('Cos');
export const div = same('Div');
export const equal = same('Equal');
export const erf = same('Erf');
export const exp = same('Exp');
export const floor = same('Floor');
export const less = same('Less');
export const lessOrEqual = same('LessOrEqual');
export const log = same('Log');
export const max = same('Max');
export const min = same('Min');
export const mul = same('Mul');
export const neg = same('Neg');
export const not = same('Not');
export const or = same('Or');
export const pow = same('Pow');
export const sigmoid = same('Sigmoid');
export const sin = same('Sin');
export const sqrt = same('Sqrt');
export const sub = same('Sub');
export const tanh = same('Tanh');

export const rsqrt: Elementwise = (ctx, node) => {
  const x = ctx.values.plain(operand(node, 0));
  const root = ctx.writer.op('Sqrt', [x], ctx.writer.fresh(`${x.name}.root`, x.type));
  lowerTo(ctx, node, 'Reciprocal', { inputs: [root] });
};
