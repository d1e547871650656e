import { ops } from '@casement/ir';
import { elementwise } from '../kernels/elementwise.ts';
import { type Lowering, type LoweringContext, lowerOp, resultOf } from '../lowering.ts';
import {
  activationExpressions,
  coreExpressions,
  type ElementExpression,
  geluExpressions,
} from '../wgsl/expressions.ts';

/** Ops that compute each element by itself: one kernel each. */
export const elementwiseLowerings = loweringsOf(coreExpressions);

/** Composite activations, computed whole. */
export const activationLowerings = {
  ...loweringsOf(activationExpressions),
  gelu: lowerOp(ops.gelu, (node, context) => {
    runExpression(node, context, geluExpressions[node.attrs.approximate === 'none' ? 'none' : 'tanh']);
  }),
} satisfies Record<string, Lowering>;

function loweringsOf<K extends string>(expressions: Readonly<Record<K, ElementExpression>>): Record<K, Lowering> {
  const lowerings = Object.entries<ElementExpression>(expressions).map(([name, expression]): [string, Lowering] => {
    return [name, (node, context) => runExpression(node, context, expression)];
  });
  return Object.fromEntries(lowerings) as Record<K, Lowering>; // the keys are those of `expressions`
}

function runExpression(
  node: Parameters<Lowering>[0],
  context: LoweringContext,
  { text, helpers }: ElementExpression,
): void {
  const inputs = node.inputs.map((value) => context.stored(value));
  context.run(elementwise({ name: node.op.name, text, helpers }, inputs, context.result(resultOf(node))));
}
