import { ops, type RopeAttrs } from '@casement/ir';
import { ropePairPerThread } from '../kernels/ropePairPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const rope = lowerOp(ops.rope, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const size = x.type.shape[3];
  if (typeof size !== 'number') throw context.fail(`rope needs a fixed head size, got ${size}`);
  context.run(
    ropePairPerThread({
      x,
      positions: context.operand(inputOf(node, 1)),
      frequencies: context.constant({ dtype: 'f32', shape: [size / 2] }, frequenciesOf(size / 2, node.attrs)),
      y: context.result(resultOf(node)),
      attrs: node.attrs,
    }),
  );
});

/** The same numbers as in the op's expansion, made here since a kernel's pow is not accurate enough. */
export function frequenciesOf(pairs: number, { theta, sections, axial }: RopeAttrs): number[] {
  const turns = (count: number) => Array.from({ length: count }, (_, pair) => theta ** (-pair / count));
  return axial ? sections.flatMap(turns) : turns(pairs);
}
