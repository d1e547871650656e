import type { Dim, RopeAttrs, Value } from '@casement/ir';
import type { Context } from '../context.ts';
import type { Tensor } from '../graphWriter.ts';
import { times } from './times.ts';

export interface Waves {
  readonly cosine: Tensor;
  readonly sine: Tensor;
}

type Rotation = { readonly positions: Value; readonly attrs: RopeAttrs };

/**
 * Cosines and sines of tokens [batch seq pairs] in x's dtype, looked up by position: one node each, and no cast. With
 * sections, each axis looks up its own pairs (zero for the others), and the axes are added.
 */
export function wavesByPosition(ctx: Context, x: Value, { positions, attrs }: Rotation, rows: number): Waves {
  const { writer, values, once } = ctx;
  const pairs = headPairs(x);
  const { dtype } = x.type;
  return once(`waves by position ${positions.name} ${dtype} ${pairs} ${JSON.stringify(attrs)}`, () => {
    const axes = Math.max(1, attrs.sections.length);
    ctx.requireBelow(positions, rows);
    const at = axes === 1 && attrs.sections.length === 0 ? values.plain(positions) : offset(ctx, positions, rows);
    const tokens = positions.type.shape.slice(-2);
    const wave = (name: string, of: (angle: number) => number) => {
      const table = writer.table(`rotary ${name} ${rows} ${pairs} ${JSON.stringify(attrs)}`, `rotary.${name}s`, {
        type: { dtype, shape: [axes * rows, pairs] },
        values: () => tableOf(rows, pairs, attrs, of),
      });
      const found = writer.op(
        'Gather',
        [table, at],
        writer.fresh(`rotary.${name}`, { dtype, shape: [...positions.type.shape, pairs] }),
      );
      if (attrs.sections.length === 0) return found;
      return writer.op(
        'ReduceSum',
        [found, writer.constant('i64', [1], [0])],
        writer.fresh(`rotary.${name}`, { dtype, shape: [...tokens, pairs] }),
        { attrs: { keepdims: { int: 0 } } },
      );
    };
    return { cosine: wave('cosine', Math.cos), sine: wave('sine', Math.sin) };
  });
}

/**
 * Tables [rows pairs] that hold, at each new token's place in the caches counted by `dim`, the waves of its position:
 * for attention that looks angles up by place. Older places are not looked at again, since their keys are rotated.
 * Waves are multiplied by `factor`.
 */
export function anglesBySlot(ctx: Context, x: Value, rotation: Rotation, dim: string, factor: number): Waves {
  const { writer, once, fused } = ctx;
  const { dtype } = x.type;
  const pairs = headPairs(x);
  const key = `angles by slot ${dim} ${rotation.positions.name} ${dtype} ${pairs} ${JSON.stringify(rotation.attrs)} ${factor}`;
  return once(key, () => {
    const rows = fused.positionRows ?? 0;
    const waves = wavesByPosition(ctx, x, rotation, rows);
    const slots = ctx.given('slots', dim);
    const type = { dtype, shape: [fused.capacity(dim), pairs] };
    const scatter = (name: string, wave: Tensor) => {
      const zeros = writer.table(`rotary zeros ${type.shape}`, 'rotary.none', {
        type,
        values: () => new Float32Array(fused.capacity(dim) * pairs),
      });
      return writer.op(
        'ScatterND',
        [zeros, slots, times(ctx, wave, factor)],
        writer.fresh(`rotary.${name}s.${dim}`, type),
      );
    };
    return { cosine: scatter('cosine', waves.cosine), sine: scatter('sine', waves.sine) };
  });
}

/** Positions [axes batch seq] as rows of a table that has one part per axis. */
function offset({ writer, values }: Context, positions: Value, rows: number): Tensor {
  const shape: readonly Dim[] = positions.type.shape;
  const axes = Number(shape[0]);
  const starts = Array.from({ length: axes }, (_, axis) => axis * rows);
  const result = writer.fresh(`${positions.name}.rows`, { dtype: 'i64', shape });
  return writer.op('Add', [values.plain(positions), writer.constant('i64', [axes, 1, 1], starts)], result);
}

function tableOf(rows: number, pairs: number, attrs: RopeAttrs, of: (angle: number) => number): Float32Array {
  const { theta, sections, axial } = attrs;
  const parts = sections.length === 0 ? [pairs] : sections;
  const table = new Float32Array(parts.length * rows * pairs);
  let from = 0;
  parts.forEach((count, axis) => {
    for (let i = 0; i < count; i++) {
      const turn = Math.fround(theta ** (axial ? -i / count : -(from + i) / pairs));
      for (let row = 0; row < rows; row++) {
        table[(axis * rows + row) * pairs + from + i] = of(Math.fround(row * turn));
      }
    }
    from += count;
  });
  return table;
}

function headPairs(x: Value): number {
  return Number(x.type.shape[3]) / 2; // the caller has checked that heads have a fixed size
}
