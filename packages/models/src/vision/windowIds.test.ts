import { entry, model, upTo } from '@casement/dsl';
import { evaluateGraph, type Graph, tensorOf } from '@casement/ir';
import { expect, it } from 'vitest';
import { windowIds } from './windowIds.ts';

/** Window ids of patches at (row, column), evaluated. */
function idsOf(places: readonly (readonly [number, number])[], side: number): number[] {
  const definition = model('windows', {
    dims: { batch: 1, patches: upTo(1 << 16) },
    entries: {
      main: entry({ inputs: { positions: 'i32[2 batch patches]' } }, ({ positions }) => ({
        ids: windowIds(positions, side),
      })),
    },
  });
  const graph = definition.build({ dtype: 'f32' }).entries.get('main') as Graph; // declared above
  const positions = tensorOf('i32', [2, 1, places.length], [...places.map(([r]) => r), ...places.map(([, c]) => c)]);
  const values = graph.outputs.map(({ value }) => value);
  const bindings = new Map([['patches', places.length]]);
  return [...(evaluateGraph(graph, values, { given: () => positions, bindings })[0]?.data ?? [])];
}

function gridOf(rows: number, columns: number): [number, number][] {
  return Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns]);
}

it.each([
  [8, 8, 8],
  [2, 18, 8],
  [14, 10, 4],
  [20, 22, 6],
  [2, 2, 8],
])('%i × %i patches in windows of %i: the same id iff the same window', (rows, columns, side) => {
  const places = gridOf(rows, columns);
  const ids = idsOf(places, side);
  const byId = new Map<number, string>();
  places.forEach(([row, column], i) => {
    const window = `${Math.floor(row / side)} ${Math.floor(column / side)}`;
    expect(byId.get(ids[i] ?? -1) ?? window).toBe(window);
    byId.set(ids[i] ?? -1, window);
  });
  expect(byId.size).toBe(Math.ceil(rows / side) * Math.ceil(columns / side));
});

it('keeps windows apart in images thousands of patches wide', () => {
  const far: [number, number][] = [
    [0, 40_000],
    [6, 40_000],
    [40_000, 0],
    [40_000, 5],
    [40_000, 6],
  ];
  const ids = idsOf(far, 6);
  expect(new Set(ids).size).toBe(4);
  expect(ids[2]).toBe(ids[3]);
});
