import { castTo, ops, type RopeAttrs, ropeAngles, type Value } from '@casement/ir';
import { type Context, type LowerWhole, operand, resultOf } from '../context.ts';
import { mergedShape } from '../values.ts';
import { type Waves, wavesByPosition } from './rotaryTables.ts';

/** One `RotaryEmbedding` on rows with merged heads; the angles are looked up, or computed in f32, once per graph. */
export const rope: LowerWhole<typeof ops.rope> = (ctx, node, attrs) => {
  const { writer, values } = ctx;
  const [x, positions, result] = [operand(node, 0), operand(node, 1), resultOf(node)];
  const [heads, size] = [x.type.shape[2], x.type.shape[3]];
  if (typeof heads !== 'number' || typeof size !== 'number') return 'the number of heads is not fixed';
  // Only when somebody reads it: attention may rotate by itself.
  values.define(result, 'merged', () => {
    const { cosine, sine } = waves(ctx, x, positions, size / 2, attrs);
    const inputs = [values.get(x, 'merged'), cosine, sine];
    const type = { dtype: x.type.dtype, shape: mergedShape(x.type.shape) };
    const interleaved = attrs.layout === 'interleaved' ? 1 : 0;
    return writer.op(
      'RotaryEmbedding',
      inputs,
      { name: values.nameOf(result, 'merged'), type },
      { attrs: { interleaved: { int: interleaved }, num_heads: { int: heads } } },
    );
  });
  return undefined;
};

/** Cosines and sines [batch seq pairs] in x's dtype. */
function waves(ctx: Context, x: Value, positions: Value, pairs: number, attrs: RopeAttrs): Waves {
  const { positionRows } = ctx.fused;
  if (positionRows !== undefined && positions.kind === 'input') {
    return wavesByPosition(ctx, x, { positions, attrs }, positionRows);
  }
  const { dtype } = x.type;
  const key = `rope ${positions.kind} ${positions.name} ${pairs} ${dtype} ${JSON.stringify(attrs)}`;
  return ctx.once(key, () => {
    const emit = ctx.emitAs('rope');
    const angles = ropeAngles(emit, positions, pairs, attrs);
    const wave = (op: typeof ops.cos | typeof ops.sin) => ctx.values.plain(castTo(emit, emit(op, [angles], {}), dtype));
    return { cosine: wave(ops.cos), sine: wave(ops.sin) };
  });
}
