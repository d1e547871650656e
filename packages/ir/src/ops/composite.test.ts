import { describe, expect, it } from 'vitest';
import { runOp } from '../../../../test/support/runOp.ts';
import type { FloatDType } from '../dtype.ts';
import type { Draw } from '../op.ts';
import { seededRandom } from '../random.ts';
import { drawTensor } from '../samples.ts';
import { type HostTensor, tensorOf } from '../tensor.ts';
import { ops } from './index.ts';

const random = seededRandom(7);
const draw = (shape: readonly number[], dtype: FloatDType = 'f32', how: Draw = 'normal') =>
  drawTensor(dtype, shape, how, random);

/** Rows of the last axis. */
function rowsOf({ data, shape }: HostTensor): number[][] {
  const width = shape.at(-1) ?? 1;
  return Array.from({ length: data.length / width }, (_, row) => [...data.slice(row * width, (row + 1) * width)]);
}

/** Every element within a few units in the last place of the dtype, relative to the larger of 1 and the value. */
function expectClose(actual: HostTensor, expected: readonly number[], tolerance = 1e-6): void {
  expect(actual.data).toHaveLength(expected.length);
  const worst = expected.reduce(
    (most, value, i) => Math.max(most, Math.abs((actual.data[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))),
    0,
  );
  expect(worst).toBeLessThanOrEqual(tolerance);
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((x, i) => x * (b[i] ?? Number.NaN)));

/** Tolerances of half-precision runs: an operand or two rounded to 11 or 8 bits. */
const DTYPES = [
  ['f32', 1e-6],
  ['f16', 3e-3],
  ['bf16', 3e-2],
] as const;

describe.each(DTYPES)('in %s', (dtype, tolerance) => {
  it('linear is x·Wᵀ + b', () => {
    const [x, weight, bias] = [draw([2, 3, 5], dtype), draw([4, 5], dtype), draw([4], dtype)];
    const plain = rowsOf(x).flatMap((row) => rowsOf(weight).map((column) => dot(row, column)));
    expectClose(runOp(ops.linear, [x, weight], {}), plain, tolerance);
    const shifted = plain.map((value, i) => value + (bias.data[i % 4] ?? Number.NaN));
    expectClose(runOp(ops.linear, [x, weight, bias], {}), shifted, tolerance);
  });

  it('softmax is e^x / Σ e^x', () => {
    const x = draw([3, 5], dtype);
    const expected = rowsOf(x).flatMap((row) => {
      const total = sum(row.map(Math.exp));
      return row.map((value) => Math.exp(value) / total);
    });
    expectClose(runOp(ops.softmax, [x], { axis: -1 }), expected, tolerance);
    const turned = runOp(ops.transpose, [x], { perm: [1, 0] });
    const back = runOp(ops.transpose, [runOp(ops.softmax, [turned], { axis: 0 })], { perm: [1, 0] });
    expectClose(back, expected, tolerance);
  });

  it('gelu is x·Φ(x)', () => {
    const x = draw([40], dtype);
    const cumulative = (value: number) => integrate((t) => Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI), value) + 0.5; // biome-ignore format: a formula
    const exact = [...x.data].map((value) => value * cumulative(value));
    expectClose(runOp(ops.gelu, [x], { approximate: 'none' }), exact, tolerance);
    // The tanh formula itself is off by up to 5e-4.
    expectClose(runOp(ops.gelu, [x], { approximate: 'tanh' }), exact, tolerance + 5e-4);
    const formula = [...x.data].map(
      (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))),
    );
    expectClose(runOp(ops.gelu, [x], { approximate: 'tanh' }), formula, tolerance);
  });

  it('silu and swiglu are x/(1 + e^-x), times up', () => {
    const [gate, up] = [draw([3, 5], dtype), draw([3, 5], dtype)];
    const gated = [...gate.data].map((value) => value / (1 + Math.exp(-value)));
    expectClose(runOp(ops.silu, [gate], {}), gated, tolerance);
    const expected = gated.map((value, i) => value * (up.data[i] ?? Number.NaN));
    expectClose(runOp(ops.swiglu, [gate, up], {}), expected, tolerance);
  });

  it.each([true, false])('rmsNorm is x/√(mean x² + eps)·w; scaleInF32: %s', (scaleInF32) => {
    const [x, weight] = [draw([2, 3, 10], dtype), draw([10], dtype)];
    const expected = rowsOf(x).flatMap((row) => {
      const root = Math.sqrt(sum(row.map((value) => value ** 2)) / 10 + 1e-3);
      return row.map((value, i) => (value / root) * (weight.data[i] ?? Number.NaN));
    });
    expectClose(runOp(ops.rmsNorm, [x, weight], { eps: 1e-3, scaleInF32 }), expected, tolerance);
  });

  it('layerNorm is (x − mean)/√(variance + eps)·w + b', () => {
    const [x, weight, bias] = [draw([2, 10], dtype), draw([10], dtype), draw([10], dtype)];
    const expected = rowsOf(x).flatMap((row) => {
      const mean = sum(row) / 10;
      const variance = sum(row.map((value) => (value - mean) ** 2)) / 10;
      return row.map(
        (value, i) => ((value - mean) / Math.sqrt(variance + 1e-3)) * (weight.data[i] ?? 0) + (bias.data[i] ?? 0),
      );
    });
    expectClose(runOp(ops.layerNorm, [x, weight, bias], { eps: 1e-3 }), expected, tolerance);
    const [ones, zeros] = [1, 0].map((value) => tensorOf(dtype, [10], new Array(10).fill(value)));
    const unit = runOp(ops.standardize, [x], { eps: 1e-3 });
    expectClose(unit, [...runOp(ops.layerNorm, [x, ones ?? x, zeros ?? x], { eps: 1e-3 }).data], tolerance);
  });

  it('groupNorm has its mean and variance from a group of channels at all places', () => {
    const [x, weight, bias] = [draw([2, 6, 2, 3], dtype), draw([6], dtype), draw([6], dtype)];
    const groups = Array.from({ length: 4 }, (_, group) => [...x.data.slice(group * 18, (group + 1) * 18)]);
    const expected = groups.flatMap((group, g) => {
      const mean = sum(group) / 18;
      const variance = sum(group.map((value) => (value - mean) ** 2)) / 18;
      return group.map((value, i) => {
        const channel = (g % 2) * 3 + Math.floor(i / 6);
        const unit = (value - mean) / Math.sqrt(variance + 1e-3);
        return unit * (weight.data[channel] ?? Number.NaN) + (bias.data[channel] ?? Number.NaN);
      });
    });
    expectClose(runOp(ops.groupNorm, [x, weight, bias], { groups: 2, eps: 1e-3 }), expected, tolerance);
  });

  it('quickGelu is x/(1 + e^(-1.702 x))', () => {
    const x = draw([40], dtype);
    const expected = [...x.data].map((value) => value / (1 + Math.exp(-1.702 * value)));
    expectClose(runOp(ops.quickGelu, [x], {}), expected, tolerance);
  });

  it('logSoftmax is log(e^x / Σ e^x)', () => {
    const x = draw([3, 5], dtype);
    const expected = rowsOf(x).flatMap((row) => row.map((value) => Math.log(Math.exp(value) / sum(row.map(Math.exp)))));
    expectClose(runOp(ops.logSoftmax, [x], { axis: -1 }), expected, tolerance);
  });

  it('l2Normalize gives vectors of length one, and zero for zero', () => {
    const x = draw([3, 5], dtype);
    const expected = rowsOf(x).flatMap((row) => row.map((value) => value / Math.sqrt(dot(row, row))));
    expectClose(runOp(ops.l2Normalize, [x], { axis: -1, eps: 1e-12 }), expected, tolerance);
    const short = tensorOf(dtype, [2, 2], [0, 0, 0.25, 0]);
    expectClose(runOp(ops.l2Normalize, [short], { axis: -1, eps: 0.5 }), [0, 0, 0.5, 0], tolerance);
  });
});

/** ∫ f from 0 to `to`, by Simpson's rule. */
function integrate(f: (t: number) => number, to: number): number {
  const steps = 400;
  const at = (i: number) => f((to * i) / steps);
  const inner = Array.from({ length: steps - 1 }, (_, i) => (i % 2 === 0 ? 4 : 2) * at(i + 1));
  return ((at(0) + sum(inner) + at(steps)) * to) / steps / 3;
}

describe('corners', () => {
  it('rmsNorm scales in f32 only when told to', () => {
    const half = (value: number) => tensorOf('f16', [1], [value]).data[0] ?? Number.NaN;
    const [x, weight] = [tensorOf('f16', [1, 2], [1, 3]), tensorOf('f16', [2], [0.9, 1])];
    const unit = 1 / Math.sqrt(5);
    const before = runOp(ops.rmsNorm, [x, weight], { eps: 0, scaleInF32: true }).data[0];
    const after = runOp(ops.rmsNorm, [x, weight], { eps: 0, scaleInF32: false }).data[0];
    expect(before).toBe(half(unit * half(0.9)));
    expect(after).toBe(half(half(unit) * half(0.9)));
    expect(before).not.toBe(after);
  });

  it('softmax of large numbers stays finite', () => {
    const x = tensorOf('f32', [3], [1000, 999, -1000]);
    expectClose(runOp(ops.softmax, [x], { axis: 0 }), [1 / (1 + Math.exp(-1)), 1 / (1 + Math.E), 0]);
  });

  it('clip leaves what is between the bounds', () => {
    const x = tensorOf('f32', [4], [-2, -0.25, 0.25, 2]);
    expectClose(runOp(ops.clip, [x], { min: -0.5, max: Infinity }), [-0.5, -0.25, 0.25, 2], 0);
    expectClose(runOp(ops.clip, [x], { min: -0.5, max: 1 }), [-0.5, -0.25, 0.25, 1], 0);
    expectClose(runOp(ops.clip, [tensorOf('i32', [3], [-5, 2, 9])], { min: 0, max: 4 }), [0, 2, 4], 0);
  });

  it('minima are the smallest and the first of them', () => {
    const x = tensorOf('f32', [2, 3], [3, -1, -1, 5, 7, 5]);
    expectClose(runOp(ops.reduceMin, [x], { axis: 1, keepDims: false }), [-1, 5], 0);
    expectClose(runOp(ops.argMin, [x], { axis: 1, keepDims: false }), [1, 0], 0);
    expect(runOp(ops.reduceMin, [tensorOf('f32', [1, 0], [])], { axis: 1, keepDims: true }).data[0]).toBe(Infinity);
  });

  it('oneHot, stack and pad put elements in their places', () => {
    const ids = tensorOf('i32', [3], [2, -1, 0]);
    expectClose(runOp(ops.oneHot, [ids], { size: 3 }), [0, 0, 1, 0, 0, 0, 1, 0, 0], 0);
    const [a, b] = [tensorOf('i32', [2], [1, 2]), tensorOf('i32', [2], [3, 4])];
    expect(runOp(ops.stack, [a, b], {})).toEqual(tensorOf('i32', [2, 2], [1, 2, 3, 4]));
    const x = tensorOf('i32', [2, 1], [1, 2]);
    const sides = runOp(ops.pad, [x], { axis: 1, before: 1, after: 2, value: 9 });
    expect(sides).toEqual(tensorOf('i32', [2, 4], [9, 1, 9, 9, 9, 2, 9, 9]));
    const above = runOp(ops.pad, [x], { axis: 0, before: 1, after: 0, value: 0 });
    expect(above).toEqual(tensorOf('i32', [3, 1], [0, 1, 2]));
  });

  it('scatterAlong puts updates where indices say', () => {
    const x = tensorOf('i32', [2, 3], [0, 1, 2, 3, 4, 5]);
    const [ids, updates] = [tensorOf('i32', [2, 2], [2, 0, 1, 1]), tensorOf('i32', [2, 2], [-1, -2, -3, -4])];
    expectClose(runOp(ops.scatterAlong, [x, ids, updates], { axis: 1 }), [-2, 1, -1, 3, -3, 5], 0);
    const [row, more] = [tensorOf('i32', [1, 1], [1]), tensorOf('i32', [1, 3], [7, 8, 9])];
    expectClose(runOp(ops.scatterAlong, [x, row, more], { axis: 0 }), [0, 1, 2, 7, 8, 9], 0);
    const outside = tensorOf('i32', [2], [-1, 3]);
    const vector = tensorOf('f32', [3], [1, 2, 3]);
    expectClose(runOp(ops.scatterAlong, [vector, outside, draw([2])], { axis: 0 }), [1, 2, 3], 0);
  });

  it('maxSimilarity is the largest product of a row with rows of the other', () => {
    const [x, y] = [draw([2, 3, 4]), draw([3, 5, 4])];
    const [left, right] = [rowsOf(x), rowsOf(y)];
    const keep = tensorOf('bool', [3, 5], [1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    const best = (hides: boolean) =>
      [0, 1].flatMap((a) =>
        [0, 1, 2].flatMap((b) =>
          [0, 1, 2].map((row) => {
            const seen = right.slice(b * 5, b * 5 + 5).filter((_, n) => !hides || keep.data[b * 5 + n] === 1);
            return Math.max(...seen.map((other) => dot(left[a * 3 + row] ?? [], other)));
          }),
        ),
      );
    expectClose(runOp(ops.maxSimilarity, [x, y], {}), best(false));
    const hidden = runOp(ops.maxSimilarity, [x, y, keep], {});
    expect(hidden.shape).toEqual([2, 3, 3]);
    best(true).forEach((value, i) => {
      if (Number.isFinite(value)) expect(hidden.data[i]).toBeCloseTo(value, 5);
      else expect(hidden.data[i]).toBe(-Infinity);
    });
  });

  it('rmsNorm of zeros is zero', () => {
    const zeros = tensorOf('f32', [1, 4], [0, 0, 0, 0]);
    expectClose(runOp(ops.rmsNorm, [zeros, draw([4])], { eps: 1e-8, scaleInF32: false }), [0, 0, 0, 0], 0);
  });

  it('erf agrees with tables to the last bit of f32', () => {
    // Values of C's erf.
    const table: readonly (readonly [number, number])[] = [
      [0, 0],
      [1e-9, 1.1283791670955127e-9],
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [1.9, 0.9927904292352575],
      [2.4, 0.999311486103355],
      [2.5, 0.999593047982555],
      [2.6, 0.9997639655834707],
      [3, 0.9999779095030014],
      [4, 0.9999999845827421],
      [5.9, 0.9999999999999999],
      [10, 1],
      [Infinity, 1],
    ];
    for (const [x, y] of table) {
      const [plus, minus] = runOp(ops.erf, [tensorOf('f32', [2], [x, -x])], {}).data;
      const tolerance = 2 ** -24 * Math.abs(y) + 1.2 * Math.abs(Math.fround(x) === x ? 0 : 2 ** -24 * x);
      expect(Math.abs((plus ?? Number.NaN) - y), `erf(${x})`).toBeLessThanOrEqual(tolerance);
      expect(minus).toBe(-(plus ?? Number.NaN));
    }
    expect(runOp(ops.erf, [tensorOf('f32', [1], [Number.NaN])], {}).data[0]).toBeNaN();
  });
});
