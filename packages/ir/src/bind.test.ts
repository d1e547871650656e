import { describe, expect, it } from 'vitest';
import { bindDims, lengthsAfter } from './bind.ts';
import { parseProgram } from './text/parse.ts';
import { verifyProgram } from './verify.ts';

const program = parseProgram(`program p
dim h = 2 .. 8 step 2
dim seq = 1 .. 4
dim past = 0 .. 6
state $s : f32[1 past 2] axis 1

entry step(%merged : f32[h*h/4 2], %image : f32[h h], %x : f32[1 seq 2]) {
  %next : f32[1 past+seq 2] = append($s, %x) {axis=1}
  keep $s = %next
  return next = %next
}

entry drop() {
  %none : f32[1 0 2] = reset($s) {axis=1}
  keep $s = %none
}

entry hidden(%merged : f32[h*h/4 2]) {
  return out = %merged
}
`);
verifyProgram(program);

function bind(entry: string, shapes: Record<string, readonly number[]>, past = 0): Record<string, number> {
  const graph = program.entries.get(entry) ?? expect.fail(`no entry ${entry}`);
  return Object.fromEntries(bindDims(program, graph, new Map(Object.entries(shapes)), new Map([['past', past]])));
}

const fitting = { merged: [4, 2], image: [4, 4], x: [1, 3, 2] };

describe('bindDims', () => {
  it('takes sizes from the inputs, whatever their order, and lengths from the states', () => {
    expect(bind('step', fitting, 2)).toEqual({ past: 2, h: 4, seq: 3 });
    expect(bind('drop', {}, 6)).toEqual({ past: 6 });
  });

  it('does not change the lengths it was given', () => {
    const lengths = new Map([['past', 1]]);
    const graph = program.entries.get('step') ?? expect.fail('no entry');
    bindDims(program, graph, new Map(Object.entries(fitting)), lengths);
    expect([...lengths]).toEqual([['past', 1]]);
  });

  it.each<[string, Record<string, readonly number[]>, number?]>([
    ['a missing input', { merged: [4, 2], image: [4, 4] }],
    ['another rank', { ...fitting, x: [3, 2] }],
    ['another fixed size', { ...fitting, x: [1, 3, 5] }],
    ['two sizes under one name', { ...fitting, image: [4, 6] }],
    ['a size that the others contradict', { ...fitting, merged: [5, 2] }],
    ['a size above its bound', { ...fitting, x: [1, 5, 2] }],
    ['a size below its bound', { ...fitting, x: [1, 0, 2] }],
    ['a size that is no multiple', { ...fitting, merged: [2, 2], image: [3, 3] }],
    ['a full state', fitting, 4],
  ])('refuses %s', (what, shapes, past = 0) => {
    let message = 'nothing was thrown';
    try {
      bind('step', shapes, past);
    } catch (error) {
      message = String(error);
    }
    expect({ [what]: message }).toMatchSnapshot();
  });

  it('refuses a size that nothing determines', () => {
    expect(() => bind('hidden', { merged: [4, 2] })).toThrowErrorMatchingInlineSnapshot(
      `[IrError: hidden: input "merged" must be f32[h*h/4 2], got [4 2]: dim "h" of size h*h/4 has no value]`,
    );
  });

  it('refuses a state of unknown length', () => {
    const graph = program.entries.get('step') ?? expect.fail('no entry');
    const shapes = new Map(Object.entries(fitting));
    expect(() => bindDims(program, graph, shapes, new Map())).toThrowErrorMatchingInlineSnapshot(
      `[IrError: step: state "s": dim "past" of size past + seq has no value]`,
    );
  });

  it('refuses a dim that the program does not declare', () => {
    const graph = program.entries.get('step') ?? expect.fail('no entry');
    const dims = new Map([...program.dims].filter(([name]) => name !== 'seq'));
    const call = () => bindDims({ ...program, dims }, graph, new Map(Object.entries(fitting)), new Map([['past', 0]]));
    expect(call).toThrowErrorMatchingInlineSnapshot(`[IrError: step: dim "seq" is not declared by the program]`);
  });
});

it('lengthsAfter says how long the states are after a call', () => {
  const after = (entry: string) => {
    const graph = program.entries.get(entry) ?? expect.fail(`no entry ${entry}`);
    return Object.fromEntries(lengthsAfter(program, graph, new Map(Object.entries({ past: 2, seq: 3 }))));
  };
  expect(after('step')).toEqual({ past: 5 });
  expect(after('drop')).toEqual({ past: 0 });
  expect(after('hidden')).toEqual({});
});
