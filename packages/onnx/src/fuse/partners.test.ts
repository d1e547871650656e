import { parseProgram } from '@casement/ir';
import { expect, it } from 'vitest';
import { partnersOf } from './partners.ts';

it('pairs the states that are read together, and none that is read with two', () => {
  const state = (name: string) => `state $${name} : f32[1 past 2 8] axis 1\n`;
  const read = (name: string, keys: string, values: string) => `entry ${name}(%q : f32[1 1 2 8]) {
  %y : f32[1 1 2 8] = attention(%q, $${keys}, $${values}) {causal=false, scale=1}
  return y = %y
}
`;
  const states = ['a', 'b', 'c', 'd', 'e'].map(state).join('');
  const entries = [read('one', 'a', 'b'), read('two', 'c', 'd'), read('three', 'c', 'e')].join('');
  const program = parseProgram(`program p\ndim past = 0 .. 8\n${states}${entries}`);
  expect([...partnersOf(program)]).toEqual([
    ['a', 'b'],
    ['b', 'a'],
  ]);
});
