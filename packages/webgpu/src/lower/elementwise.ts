import { type Node, ops } from '@casement/ir';
import { type Expression, elementwise } from '../kernels/elementwise.ts';
import { type Lowering, type LoweringContext, lowerOp, resultOf } from '../lowering.ts';
import { ERF, SIGMOID, SIN_COS, TANH } from '../wgsl/math.ts';

/** A lowering to one kernel that computes `text` of the operands a, b, c. */
function expression(text: string, ...helpers: readonly string[]): Lowering {
  return (node, context) => runExpression(node, context, { name: node.op.name, text, helpers });
}

function runExpression(node: Node, context: LoweringContext, what: Expression): void {
  const inputs = node.inputs.map((value) => context.stored(value));
  context.run(elementwise(what, inputs, context.result(resultOf(node))));
}

/** Ops that compute each element by itself. Bools are 0 or 1. */
export const elementwiseLowerings = {
  abs: expression('abs(a)'),
  add: expression('a + b'),
  and: expression('a & b'),
  cos: expression('sinCos(a).y', SIN_COS),
  div: expression('a / b'),
  equal: expression('u32(a == b)'),
  erf: expression('erf(a)', ERF),
  exp: expression('exp(a)'),
  floor: expression('floor(a)'),
  less: expression('u32(a < b)'),
  lessOrEqual: expression('u32(a <= b)'),
  log: expression('log(a)'),
  max: expression('max(a, b)'),
  min: expression('min(a, b)'),
  mul: expression('a * b'),
  neg: expression('-a'),
  not: expression('1u - a'),
  or: expression('a | b'),
  pow: expression('pow(a, b)'),
  rsqrt: expression('1.0 / sqrt(a)'),
  sigmoid: expression('sigmoid(a)', SIGMOID),
  sin: expression('sinCos(a).x', SIN_COS),
  sqrt: expression('sqrt(a)'),
  sub: expression('a - b'),
  tanh: expression('safeTanh(a)', TANH),
  where: expression('select(c, b, a != 0u)'),
} satisfies Record<string, Lowering>;

/** Composite activations, computed whole. */
export const activationLowerings = {
  silu: expression('a * sigmoid(a)', SIGMOID),
  quickGelu: expression('a * sigmoid(1.702 * a)', SIGMOID),
  swiglu: expression('a * sigmoid(a) * b', SIGMOID),
  gelu: lowerOp(ops.gelu, (node, context) => {
    const byErf = { text: '0.5 * a * (1.0 + erf(a * 0.70710678))', helpers: [ERF] };
    const byTanh = { text: '0.5 * a * (1.0 + safeTanh(0.79788456 * (a + 0.044715 * a * a * a)))', helpers: [TANH] };
    runExpression(node, context, { name: 'gelu', ...(node.attrs.approximate === 'none' ? byErf : byTanh) });
  }),
} satisfies Record<string, Lowering>;
