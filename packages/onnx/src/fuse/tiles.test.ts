import { parseProgram } from '@casement/ir';
import { expect, it } from 'vitest';
import { tilesOf } from './tiles.ts';
import { Uses } from './uses.ts';

it.each([
  ['all of it', [0, 2, 2, 4], [2, 4]],
  ['with a gap', [0, 2, 3, 3], undefined],
  ['with an overlap', [0, 3, 2, 4], undefined],
  ['but not its end', [0, 2, 2, 3], undefined],
] as const)('takes slices that cover a value: %s', (_, [a, b, c, d], sizes) => {
  const program = parseProgram(`program p
entry main(%x : f32[3 6]) {
  %a : f32[3 ${b}] = slice(%x) {axis=-1, start=${a}, size=${b}}
  %b : f32[3 ${d}] = slice(%x) {axis=1, start=${c}, size=${d}}
  return a = %a
  return b = %b
}
`);
  const graph = program.entries.get('main') ?? expect.fail('no entry');
  expect(tilesOf(graph.inputs[0] ?? expect.fail(), new Uses(graph))?.sizes).toEqual(sizes);
});
