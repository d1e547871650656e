import { type Dim, type ops, sameDim } from '@casement/ir';
import { type Lower, operand, resultOf } from '../context.ts';
import { mergedShape } from '../values.ts';

/** Splitting rows into heads and merging them again costs nothing until somebody needs the split form itself. */
export const reshape: Lower<typeof ops.reshape> = (ctx, node, { shape }) => {
  const { values } = ctx;
  const [x, result] = [operand(node, 0), resultOf(node)];
  if (isMerged(x.type.shape, shape)) values.define(result, 'merged', () => values.plain(x));
  else if (isMerged(shape, x.type.shape)) values.define(result, 'plain', () => values.get(x, 'merged'));
  else {
    const name = values.nameOf(result, 'plain');
    const tensor = values.reshape(values.plain(x), shape, name);
    values.set(result, 'plain', tensor);
  }
};

/** Whether `rows` is `split` [batch seq heads size] with its last two axes merged. */
function isMerged(rows: readonly Dim[], split: readonly Dim[]): boolean {
  const hasHeads = split.length === 4 && typeof split[2] === 'number' && typeof split[3] === 'number';
  return hasHeads && rows.length === 3 && mergedShape(split).every((dim, axis) => sameDim(dim, rows[axis] ?? -1));
}
