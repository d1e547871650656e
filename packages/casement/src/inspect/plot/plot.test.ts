import { describe, expect, test } from 'vitest';
import { lineChart } from './lineChart.ts';
import { spread } from './spread.ts';
import { ticks, unitFor } from './ticks.ts';

describe('ticks', () => {
  test.each([
    [9.3, [0, 2.5, 5, 7.5, 10]],
    [14.9, [0, 5, 10, 15]],
    [512, [0, 200, 400, 600]],
    [1, [0, 0.25, 0.5, 0.75, 1]],
    [0.003, [0, 0.001, 0.002, 0.003]],
  ])('up to %d', (max, expected) => {
    const found = ticks(max, 4);
    expect(found).toHaveLength(expected.length);
    found.forEach((tick, index) => {
      expect(tick).toBeCloseTo(expected[index] ?? Number.NaN, 9);
    });
  });

  test('nothing to show is one tick', () => expect(ticks(0, 4)).toEqual([0]));

  test('units', () => {
    expect(unitFor(1.5 * 2 ** 30, 'bytes')).toEqual({ size: 2 ** 30, name: 'GiB' });
    expect(unitFor(999, 'bytes')).toEqual({ size: 1, name: 'B' });
    expect(unitFor(9.3e12, 'decimal')).toEqual({ size: 1e12, name: 'T' });
    expect(unitFor(0, 'decimal')).toEqual({ size: 1, name: '' });
  });
});

describe('labels', () => {
  test('keep their distance and their order', () => {
    expect(spread([50, 51, 10], 15, 0, 100)).toEqual([50, 65, 10]);
  });
  test('stay inside', () => {
    expect(spread([99, 100, 100], 15, 0, 100)).toEqual([70, 85, 100]);
  });
  test('move closer where there is no room', () => {
    expect(spread([5, 5, 5], 15, 0, 20)).toEqual([0, 10, 20]);
  });
});

test('lines start at the first x, end at the last, and stand on a grid from 0', () => {
  const svg = lineChart(
    {
      title: 'Bytes & more',
      xTitle: 'frame',
      kind: 'bytes',
      format: (value) => `${value} B`,
      lines: [{ label: '<a>', style: 'a', values: Array.from({ length: 200 }, (_, index) => (index + 1) * 2) }],
    },
    { left: 0, top: 0, width: 400, height: 300 },
  );
  expect(svg).toContain('Bytes &amp; more');
  expect(svg).toContain('&lt;a&gt; 400 B</text>');
  // 0 … 400 B over y 256 … 34, frames 0 … 200 over x 62 … 276.
  const path = /class="line a" d="M([^"]+)"/.exec(svg)?.[1]?.split('L') ?? [];
  expect(path[0]).toBe('63.1 254.9');
  expect(path.at(-1)).toBe('276 34');
  expect(path.length).toBeLessThan(66);
  expect(svg).toContain('>400 B</text>');
});
