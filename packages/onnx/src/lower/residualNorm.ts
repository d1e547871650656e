import type { Node } from '@casement/ir';
import { type Context, operand, resultOf } from '../context.ts';
import { MICROSOFT } from '../enums.ts';

/** A sum and the RMS norm that reads it as one `SkipSimplifiedLayerNormalization`, which carries the residual on. */
export function residualNorm({ writer, values }: Context, add: Node, norm: Node): void {
  const [sum, normed] = [resultOf(add), resultOf(norm)];
  const inputs = [operand(add, 0), operand(add, 1), operand(norm, 1)].map((value) => values.plain(value));
  const named = [normed, sum].map((value) => ({ name: values.nameOf(value, 'plain'), type: value.type }));
  const [normedTensor, sumTensor] = named;
  if (!normedTensor || !sumTensor) throw new RangeError('a residual norm has two results');
  const unused = { name: '', type: sum.type };
  writer.node('SkipSimplifiedLayerNormalization', inputs, [normedTensor, unused, unused, sumTensor], {
    domain: MICROSOFT,
    attrs: { epsilon: { float: Number(norm.attrs.eps) } },
  });
  values.set(normed, 'plain', normedTensor);
  values.set(sum, 'plain', sumTensor);
}
