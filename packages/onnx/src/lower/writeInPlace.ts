import type { Node, Value } from '@casement/ir';
import { type Context, operand, resultOf } from '../context.ts';
import { MICROSOFT } from '../enums.ts';
import type { Tensor } from '../graphWriter.ts';
import { times } from './times.ts';

/**
 * Rows appended to keys and values that no attention of this entry reads (the last layer's, when image tokens only
 * fill caches). Attention is what writes into caches at full capacity, so it runs on the rows alone, for nothing.
 * Returns the tensor of `append`'s result, and sets its partner's.
 */
export function writeInPlace(ctx: Context, append: Node): Tensor {
  const { values, states, writer } = ctx;
  const mine = resultOf(append);
  const partner = partnerOf(ctx, mine);
  const version = states.versionOf(partner);
  if (version.kind !== 'appended') throw new RangeError(`nothing is appended to "${partner.state}"`);
  const both = [
    { end: mine, base: operand(append, 0), x: operand(append, 1) },
    { end: partner, base: version.base, x: version.x },
  ];
  const [rows, others] = both.map(({ end, x }) => {
    return times(ctx, values.get(x, 'merged'), Math.sqrt(ctx.fused.foldedScales.get(end.state ?? '') ?? 1));
  });
  if (!rows || !others) throw new RangeError('keys and values are two');
  const presents = both.map(({ end }): Tensor => ({ name: values.nameOf(end, 'heads'), type: states.typeOf(end) }));
  const dim = states.dimOf(mine);
  const heads = { int: Number(mine.type.shape[2]) }; // fixed, or the state would not be held at full capacity
  const pasts = both.map(({ base }) => values.get(base, 'heads'));
  const lengths = [ctx.given('lastKey', dim), ctx.given('total', dim)];
  const unread = writer.fresh(`${mine.name}.unread`, rows.type);
  writer.node('GroupQueryAttention', [rows, rows, others, ...pasts, ...lengths], [unread, ...presents], {
    domain: MICROSOFT,
    attrs: { num_heads: heads, kv_num_heads: heads },
  });
  const [first, second] = presents;
  if (!first || !second) throw new RangeError('keys and values are two');
  values.set(partner, 'heads', second);
  return first;
}

function partnerOf({ fused }: Context, end: Value): Value {
  const state = fused.partners.get(end.state ?? '');
  const use = fused.graph.states.find((each) => each.state === state);
  if (use === undefined) throw new RangeError(`"${end.state}" is written without its partner`);
  return use.end;
}
