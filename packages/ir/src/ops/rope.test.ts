import { describe, expect, it } from 'vitest';
import { runOp } from '../../../../test/support/runOp.ts';
import { seededRandom } from '../random.ts';
import { drawTensor } from '../samples.ts';
import { type HostTensor, tensorOf } from '../tensor.ts';
import { type RopeAttrs, rope } from './rope.ts';

const [BATCH, SEQ, HEADS] = [2, 3, 2];

/**
 * Rope as complex numbers: pair p of a head, seen as a + ib, turns by position·theta^(-p/pairs). `positionOf` says
 * where a pair stands.
 */
function turned(
  x: HostTensor,
  { theta, layout }: RopeAttrs,
  positionOf: (batch: number, row: number, pair: number) => number,
): number[] {
  const size = x.shape[3] ?? 0;
  const pairs = size / 2;
  const result = [...x.data];
  for (let head = 0; head < BATCH * SEQ * HEADS; head++) {
    const row = Math.floor(head / HEADS);
    for (let p = 0; p < pairs; p++) {
      const angle = positionOf(Math.floor(row / SEQ), row % SEQ, p) * theta ** (-p / pairs);
      const [re, im] = layout === 'half' ? [p, p + pairs] : [2 * p, 2 * p + 1];
      const [a, b] = [x.data[head * size + re] ?? 0, x.data[head * size + im] ?? 0];
      result[head * size + re] = a * Math.cos(angle) - b * Math.sin(angle);
      result[head * size + im] = a * Math.sin(angle) + b * Math.cos(angle);
    }
  }
  return result;
}

function worst(actual: HostTensor, expected: readonly number[]): number {
  expect(actual.data).toHaveLength(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs((actual.data[i] ?? Number.NaN) - value)), 0);
}

const x = drawTensor('f32', [BATCH, SEQ, HEADS, 8], 'normal', seededRandom(5));
const POSITIONS = [0, 1, 2, 3, 17, 100];

describe.each(['half', 'interleaved'] as const)('%s', (layout) => {
  const attrs = { theta: 10000, layout, sections: [], axial: false };

  it('turns each pair by its angle', () => {
    const positions = tensorOf('i32', [BATCH, SEQ], POSITIONS);
    const expected = turned(x, attrs, (batch, row) => POSITIONS[batch * SEQ + row] ?? Number.NaN);
    // Angles are computed in f32: 100 radians carry 4e-6.
    expect(worst(runOp(rope, [x, positions], attrs), expected)).toBeLessThan(2e-5);
  });

  it('leaves position 0 as it is', () => {
    const positions = tensorOf('i32', [BATCH, SEQ], [0, 0, 0, 0, 0, 0]);
    expect(runOp(rope, [x, positions], attrs).data).toEqual(x.data);
  });

  it('makes scores depend on distance alone', () => {
    const first = tensorOf('f32', [1, 1, 1, 8], x.data.slice(0, 8));
    const head = (position: number) => [...runOp(rope, [first, tensorOf('i32', [1, 1], [position])], attrs).data];
    const dotAt = (p: number, q: number) => {
      const other = head(q);
      return head(p).reduce((sum, value, i) => sum + value * (other[i] ?? Number.NaN), 0);
    };
    expect(dotAt(3, 8)).toBeCloseTo(dotAt(0, 5), 5);
    expect(dotAt(3, 8)).not.toBeCloseTo(dotAt(0, 6), 2);
  });
});

it('takes pairs from the axis of their section', () => {
  const wide = drawTensor('f32', [BATCH, SEQ, HEADS, 12], 'normal', seededRandom(6));
  const axes = [POSITIONS, POSITIONS.map((p) => p + 2), POSITIONS.map((p) => 2 * p)];
  const positions = tensorOf('i32', [3, BATCH, SEQ], axes.flat());
  const attrs: RopeAttrs = { theta: 500, layout: 'half', sections: [1, 2, 3], axial: false };
  const axisOfPair = [0, 1, 1, 2, 2, 2];
  const expected = turned(wide, attrs, (batch, row, pair) => axes[axisOfPair[pair] ?? -1]?.[batch * SEQ + row] ?? NaN);
  expect(worst(runOp(rope, [wide, positions], attrs), expected)).toBeLessThan(4e-5);
});

it('starts the frequencies anew in each axial section', () => {
  const wide = drawTensor('f32', [BATCH, SEQ, HEADS, 8], 'normal', seededRandom(7));
  const [rows, columns] = [POSITIONS, POSITIONS.map((p) => 5 - p)];
  const positions = tensorOf('i32', [2, BATCH, SEQ], [...rows, ...columns]);
  const attrs: RopeAttrs = { theta: 900, layout: 'half', sections: [2, 2], axial: true };
  // `turned` slows pair p of 4 by theta^(-p/4); in sections of 2 pairs they turn by theta^(0), theta^(-1/2), and again.
  const expected = turned(wide, attrs, (batch, row, pair) => {
    const position = (pair < 2 ? rows : columns)[batch * SEQ + row] ?? Number.NaN;
    return position * attrs.theta ** (pair / 4 - (pair % 2) / 2);
  });
  expect(worst(runOp(rope, [wide, positions], attrs), expected)).toBeLessThan(2e-5);
});

it('computes angles in f32 in half precision', () => {
  const half = drawTensor('f16', [BATCH, SEQ, HEADS, 8], 'normal', seededRandom(5));
  const far = [4001, 4002, 4003, 4004, 4005, 4006];
  const attrs: RopeAttrs = { theta: 10000, layout: 'half', sections: [], axial: false };
  const expected = turned(half, attrs, (batch, row) => far[batch * SEQ + row] ?? Number.NaN);
  expect(worst(runOp(rope, [half, tensorOf('i32', [BATCH, SEQ], far)], attrs), expected)).toBeLessThan(5e-3);
});
