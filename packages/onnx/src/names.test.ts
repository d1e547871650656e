import { type Program, parseProgram } from '@casement/ir';
import { expect, it } from 'vitest';
import { Names, stateNames } from './names.ts';

function programWith(states: readonly string[], input = 'x'): Program {
  const lines = states.map((name) => `state $${name} : f32[past 2] axis 0\n`).join('');
  return parseProgram(
    `program p\ndim past = 0 .. 4\n${lines}entry main(%${input} : f32[1]) {\n  return y = %${input}\n}\n`,
  );
}

it('names states as Optimum does, and by their own names where that would be ambiguous', () => {
  const names = stateNames(
    programWith([
      'model.layers.3.self_attn.past_key_values.key',
      'model.layers.12.casa_attn.window.value',
      'memory.sum',
      'layers.7.key',
      'a.layers.1.window.key',
      'b.layers.1.window.key',
    ]),
  );
  expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
    {
      "a.layers.1.window.key": {
        "past": "a.layers.1.window.key",
        "present": "present_a.layers.1.window.key",
      },
      "b.layers.1.window.key": {
        "past": "b.layers.1.window.key",
        "present": "present_b.layers.1.window.key",
      },
      "layers.7.key": {
        "past": "layers.7.key",
        "present": "present_layers.7.key",
      },
      "memory.sum": {
        "past": "memory.sum",
        "present": "present_memory.sum",
      },
      "model.layers.12.casa_attn.window.value": {
        "past": "window.12.value",
        "present": "present_window.12.value",
      },
      "model.layers.3.self_attn.past_key_values.key": {
        "past": "past_key_values.3.key",
        "present": "present.3.key",
      },
    }
  `);
});

it('keeps the own name of a state whose short name an input has', () => {
  const names = stateNames(programWith(['layers.0.window.key'], 'window.0.key'));
  expect(names.get('layers.0.window.key')?.past).toBe('layers.0.window.key');
});

it('numbers a state whose own name an input has', () => {
  expect(stateNames(programWith(['memory'], 'memory')).get('memory')).toEqual({
    past: 'memory_1',
    present: 'present_memory',
  });
});

it('numbers a name that is taken', () => {
  const names = new Names();
  names.reserve('x');
  expect([names.unique('x'), names.unique('x'), names.unique('y')]).toEqual(['x_1', 'x_2', 'y']);
});
