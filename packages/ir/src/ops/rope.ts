import { castTo } from '../expand.ts';
import { arity, inputAt, requireDType, requireFloat, requireRank, requireShape } from '../infer.ts';
import type { CompositeOp, Emit } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { concat } from './concat.ts';
import { constant } from './constant.ts';
import { cos } from './cos.ts';
import { mul } from './mul.ts';
import { reshape } from './reshape.ts';
import { sin } from './sin.ts';
import { slice } from './slice.ts';
import { sub } from './sub.ts';

/**
 * `layout`: which elements form a pair, i and i + headDim/2 (`half`, Llama) or 2i and 2i + 1 (`interleaved`, Helium).
 * `sections`: how many pairs take their position from each axis of `positions`; empty for one axis.
 * `axial`: every section turns like a head of its own, so its frequencies start anew (2-D rotary of vision encoders);
 * else they go on from section to section (M-RoPE).
 */
export type RopeAttrs = {
  readonly theta: number;
  readonly layout: 'half' | 'interleaved';
  readonly sections: readonly number[];
  readonly axial: boolean;
};

export const rope: CompositeOp<RopeAttrs> & { readonly name: 'rope' } = {
  kind: 'composite',
  name: 'rope',
  summary:
    'Rotary position embedding (Su et al., arXiv 2104.09864): x [batch seq heads headDim], positions i32 [batch seq], ' +
    'or [axes batch seq] with sections (M-RoPE, arXiv 2409.12191; axial: 2-D rotary)',
  infer(inputs, { sections, layout, axial }) {
    arity(inputs, 2);
    const [x, positions] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    requireFloat(x);
    requireRank(x, 4, 'x');
    requireDType('i32', positions);
    if (layout !== 'half' && layout !== 'interleaved') throw new TypeError(`unknown layout "${layout}"`);
    const rows = x.shape.slice(0, 2);
    requireShape(positions, sections.length > 0 ? [sections.length, ...rows] : rows, 'positions');
    if (axial && sections.length === 0) throw new TypeError('axial needs sections, one per axis of positions');
    const pairs = headPairs(x);
    const covered = sections.reduce((sum, size) => sum + size, 0);
    if (sections.length > 0 && covered !== pairs) {
      throw new TypeError(`sections [${sections.join(' ')}] cover ${covered} pairs of ${pairs}`);
    }
    return [x];
  },
  expand(emit, inputs, attrs) {
    const [x, positions] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const angles = ropeAngles(emit, positions, headPairs(x.type), attrs);
    const rows = [...x.type.shape.slice(0, 2), 1, headPairs(x.type)];
    const wave = (op: typeof cos | typeof sin) =>
      emit(reshape, [castTo(emit, emit(op, [angles], {}), x.type.dtype)], { shape: rows });
    return [
      attrs.layout === 'half'
        ? rotateHalves(emit, x, wave(cos), wave(sin))
        : rotatePairs(emit, x, wave(cos), wave(sin)),
    ];
  },
  samples: [
    ...(['half', 'interleaved'] as const).map((layout) => ({
      name: layout,
      inputs: [{ type: 'f32[1 4 2 8]' }, { type: 'i32[1 4]', values: [0, 1, 2, 37] }],
      attrs: { theta: 10000, layout, sections: [], axial: false },
    })),
    {
      name: 'sections',
      inputs: [{ type: 'f32[1 3 2 16]' }, { type: 'i32[3 1 3]', values: [0, 1, 5, 0, 2, 6, 0, 3, 9] }],
      attrs: { theta: 1e6, layout: 'half', sections: [2, 3, 3], axial: false },
    },
    {
      name: 'axial sections',
      inputs: [{ type: 'f32[1 4 2 16]' }, { type: 'i32[2 1 4]', values: [0, 0, 1, 7, 0, 1, 0, 5] }],
      attrs: { theta: 1e4, layout: 'half', sections: [4, 4], axial: true },
    },
  ],
};

/** Angles of every pair, f32 [batch seq pairs]. */
export function ropeAngles(emit: Emit, positions: Value, pairs: number, { theta, sections, axial }: RopeAttrs): Value {
  const rows = positions.type.shape.slice(-2);
  /** Pairs `from` … `from + count − 1` of `of`. */
  const turns = (at: Value, from: number, count: number, of: number) => {
    const values = Array.from({ length: count }, (_, i) => theta ** (-(from + i) / of));
    const frequencies = emit(constant, [], { dtype: 'f32', shape: [count], values: values.map(Math.fround) });
    const column = emit(reshape, [castTo(emit, at, 'f32')], { shape: [...rows, 1] });
    return emit(mul, [column, frequencies], {});
  };
  if (sections.length === 0) return turns(positions, 0, pairs, pairs);
  let from = 0;
  const parts = sections.map((count, axis) => {
    const at = emit(slice, [positions], { axis: 0, start: axis, size: 1 });
    const part = axial ? turns(at, 0, count, count) : turns(at, from, count, pairs);
    from += count;
    return part;
  });
  return emit(concat, parts, { axis: -1 });
}

function rotateHalves(emit: Emit, x: Value, cosine: Value, sine: Value): Value {
  const pairs = headPairs(x.type);
  const half = (start: number) => emit(slice, [x], { axis: -1, start, size: pairs });
  return emit(concat, rotate(emit, half(0), half(pairs), cosine, sine), { axis: -1 });
}

function rotatePairs(emit: Emit, x: Value, cosine: Value, sine: Value): Value {
  const column = [...x.type.shape.slice(0, 3), headPairs(x.type), 1];
  const pairs = emit(reshape, [x], { shape: [...column.slice(0, 4), 2] });
  const member = (start: number) =>
    emit(reshape, [emit(slice, [pairs], { axis: -1, start, size: 1 })], { shape: column.slice(0, 4) });
  const rotated = rotate(emit, member(0), member(1), cosine, sine);
  const columns = rotated.map((part) => emit(reshape, [part], { shape: column }));
  return emit(reshape, [emit(concat, columns, { axis: -1 })], { shape: x.type.shape });
}

function rotate(emit: Emit, a: Value, b: Value, cosine: Value, sine: Value): Value[] {
  const times = (x: Value, y: Value) => emit(mul, [x, y], {});
  return [emit(sub, [times(a, cosine), times(b, sine)], {}), emit(add, [times(b, cosine), times(a, sine)], {})];
}

function headPairs(x: Value['type']): number {
  const size = x.shape[3];
  if (typeof size !== 'number' || size % 2 !== 0)
    throw new TypeError(`the head size must be an even number, got ${size}`);
  return size / 2;
}
