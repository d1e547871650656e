import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runOp } from '../../../../test/support/runOp.ts';
import { type AttentionAttrs, visibilityOperands } from '../attentionParts.ts';
import type { FloatDType } from '../dtype.ts';
import { seededRandom } from '../random.ts';
import { drawTensor } from '../samples.ts';
import { elementCount, type HostTensor, stridesOf, tensorOf } from '../tensor.ts';
import { attention } from './attention.ts';
import { attentionWeights } from './attentionWeights.ts';

/** Element at an index of several axes. */
const at = (x: HostTensor, ...index: readonly number[]) =>
  x.data[index.reduce((sum, i, axis) => sum + i * (stridesOf(x.shape)[axis] ?? 0), 0)] ?? Number.NaN;

/** The same where axes of size 1 hold for every index. */
const stretched = (x: HostTensor, ...index: readonly number[]) =>
  at(x, ...index.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)));

const size = (x: HostTensor, axis: number) => x.shape[axis] ?? Number.NaN;

/** Attention straight from its definition: a sum over the keys that a query sees. */
function plain(inputs: readonly HostTensor[], { causal, scale }: AttentionAttrs): number[] {
  const [q, k, v] = inputs;
  const { segments, mask } = visibilityOperands(inputs, 3);
  if (!q || !k || !v) throw new Error('attention needs q, k and v');
  const [queries, heads, keys, width] = [size(q, 1), size(q, 2), size(k, 1), size(v, 3)];
  const group = heads / size(k, 2);
  const result: number[] = [];
  for (let b = 0; b < size(q, 0); b++) {
    for (let i = 0; i < queries; i++) {
      for (let h = 0; h < heads; h++) {
        const kvHead = Math.floor(h / group);
        const seen = Array.from({ length: keys }, (_, j) => j).filter((j) => {
          if (causal && j > keys - queries + i) return false;
          if (segments && at(segments.q, b, i) !== at(segments.k, b, j)) return false;
          return !mask || stretched(mask, b, h, i, j) === 1;
        });
        const weights = seen.map((j) => {
          let score = 0;
          for (let d = 0; d < size(q, 3); d++) score += at(q, b, i, h, d) * at(k, b, j, kvHead, d);
          return Math.exp(score * scale);
        });
        const total = weights.reduce((x, y) => x + y, 0);
        for (let e = 0; e < width; e++) {
          const mixed = seen.reduce((sum, j, n) => sum + (weights[n] ?? 0) * at(v, b, j, kvHead, e), 0);
          result.push(seen.length === 0 ? 0 : mixed / total);
        }
      }
    }
  }
  return result;
}

function worst(inputs: readonly HostTensor[], attrs: AttentionAttrs): number {
  const expected = plain(inputs, attrs);
  const actual = runOp(attention, inputs, attrs).data;
  expect(actual).toHaveLength(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs((actual[i] ?? Number.NaN) - value)), 0);
}

function operands(shape: Shape, dtype: FloatDType = 'f32'): HostTensor[] {
  const random = seededRandom(shape.seed);
  const { batch, queries, keys, kvHeads, group, head, width } = shape;
  return [
    drawTensor(dtype, [batch, queries, kvHeads * group, head], 'normal', random),
    drawTensor(dtype, [batch, keys, kvHeads, head], 'normal', random),
    drawTensor(dtype, [batch, keys, kvHeads, width], 'normal', random),
  ];
}

const shapes = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 1, max: 2 }),
  queries: fc.integer({ min: 0, max: 4 }),
  keys: fc.integer({ min: 0, max: 6 }),
  kvHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 3 }),
  head: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 4 }),
});
type Shape = typeof shapes extends fc.Arbitrary<infer S> ? S : never;

it('is the weighted mean of the values of the keys that a query sees', () => {
  fc.assert(
    fc.property(shapes, fc.double({ min: 0.1, max: 1, noNaN: true }), (shape, scale) => {
      expect(worst(operands(shape), { causal: false, scale })).toBeLessThan(2e-6);
    }),
    { numRuns: 60 },
  );
});

it('lets query i see key j iff j ≤ past + i when causal', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const keys = shape.keys + shape.queries;
      expect(worst(operands({ ...shape, keys }), { causal: true, scale: 0.5 })).toBeLessThan(2e-6);
    }),
    { numRuns: 60 },
  );
});

it('keeps segments apart, also when causal', () => {
  const segments = (count: number, random: () => number) => drawTensor('i32', [1, count], { below: 3 }, random);
  fc.assert(
    fc.property(shapes, fc.boolean(), (drawn, causal) => {
      const shape = { ...drawn, batch: 1, keys: drawn.keys + drawn.queries };
      const random = seededRandom(shape.seed + 1);
      const inputs = [...operands(shape), segments(shape.queries, random), segments(shape.keys, random)];
      expect(worst(inputs, { causal, scale: 0.5 })).toBeLessThan(2e-6);
    }),
    { numRuns: 60 },
  );
});

it('hides what the mask hides, whichever axes it has', () => {
  const axes = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(shapes, axes, fc.boolean(), (drawn, has, causal) => {
      const shape = { ...drawn, keys: drawn.keys + drawn.queries };
      const full = [shape.batch, shape.kvHeads * shape.group, shape.queries, shape.keys];
      const random = seededRandom(shape.seed + 1);
      const mask = drawTensor('bool', full.map((count, axis) => (has[axis] ? count : 1)), { below: 2 }, random); // biome-ignore format: a row
      expect(worst([...operands(shape), mask], { causal, scale: 0.5 })).toBeLessThan(2e-6);
    }),
    { numRuns: 60 },
  );
});

it('gives its weights too', () => {
  fc.assert(
    fc.property(shapes, fc.boolean(), (shape, causal) => {
      const keys = shape.keys + shape.queries;
      const [q, k, v] = operands({ ...shape, keys });
      if (!q || !k || !v) throw new Error('three operands');
      const mask = drawTensor('bool', [1, 1, shape.queries, keys], { below: 2 }, seededRandom(shape.seed + 1));
      const attrs = { causal, scale: 0.5 };
      const weights = runOp(attentionWeights, [q, k, mask], attrs);
      const mixed = runOp(attention, [q, k, v, mask], attrs);
      for (let h = 0; h < shape.kvHeads * shape.group; h++) {
        for (let i = 0; i < shape.queries; i++) {
          let sum = 0;
          for (let j = 0; j < keys; j++) sum += at(weights, 0, h, i, j) * at(v, 0, j, Math.floor(h / shape.group), 0);
          expect(at(mixed, 0, i, h, 0)).toBeCloseTo(sum, 5);
        }
      }
    }),
    { numRuns: 30 },
  );
});

it('gives exact zeros to a query without keys', () => {
  const shape = { seed: 1, batch: 1, queries: 2, keys: 0, kvHeads: 2, group: 2, head: 4, width: 3 };
  const none = runOp(attention, operands(shape), { causal: false, scale: 1 });
  expect([...none.data]).toEqual(new Array(elementCount([1, 2, 4, 3])).fill(0));
  const [q, k, v] = operands({ ...shape, keys: 2 });
  if (!q || !k || !v) throw new Error('three operands');
  const ids = [tensorOf('i32', [1, 2], [0, 5]), tensorOf('i32', [1, 2], [0, 0])];
  const half = runOp(attention, [q, k, v, ...ids], { causal: false, scale: 1 });
  expect([...half.data.slice(12)]).toEqual(new Array(12).fill(0));
  expect([...half.data.slice(0, 12)].every((value) => value !== 0)).toBe(true);
});

it('is finite for scores that overflow the exponential', () => {
  const big = (values: readonly number[]) => tensorOf('f32', [1, values.length, 1, 1], values);
  const result = runOp(attention, [big([100]), big([100, -100]), big([3, 5])], { causal: false, scale: 1 });
  expect([...result.data]).toEqual([3]);
});

it('holds in half precision', () => {
  const shape = { seed: 3, batch: 2, queries: 3, keys: 5, kvHeads: 2, group: 2, head: 8, width: 8 };
  expect(worst(operands(shape, 'f16'), { causal: true, scale: 8 ** -0.5 })).toBeLessThan(4e-3);
  expect(worst(operands(shape, 'bf16'), { causal: true, scale: 8 ** -0.5 })).toBeLessThan(3e-2);
});
