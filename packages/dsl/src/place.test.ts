import { describe, expect, it } from 'vitest';
import { callerOf, parseFrame } from './place.ts';

const op = () => callerOf(op);
const nested = { method: () => callerOf(nested.method) };

describe('place', () => {
  it('is where the call begins, also of calls inside calls', () => {
    const outer = (inner: ReturnType<typeof callerOf>) => ({ inner, outer: callerOf(outer) });
    const places = outer(op());
    const { line, file } = places.outer ?? {};
    expect(places).toEqual({ outer: { file, line, column: 20 }, inner: { file, line, column: 26 } });
    expect(file).toMatch(/place\.test\.ts$/);
  });

  it('is found through functions between the DSL and the user', () => {
    const [first, second] = [1, 2].map(() => op());
    expect(first).toEqual(second);
    expect(first?.column).toBe(46);
  });

  it('is that of the method for methods', () => {
    expect(nested.method()?.column).toBe(19);
  });

  it('leaves the stack limit as it was', () => {
    const before = Error.stackTraceLimit;
    op();
    expect(Error.stackTraceLimit).toBe(before);
  });

  it.each([
    ['    at /home/me/model.ts:7:3', { file: '/home/me/model.ts', line: 7, column: 3 }],
    ['    at file:///home/my%20models/model.ts:7:3', { file: '/home/my models/model.ts', line: 7, column: 3 }],
    ['    at body (file:///m.ts?t=1:7:3)', { file: '/m.ts', line: 7, column: 3 }],
    ['    at Object.body [as mlp] (/a (1)/m.ts:7:3)', { file: '/a (1)/m.ts', line: 7, column: 3 }],
    ['    at async /m.ts:7:3', { file: '/m.ts', line: 7, column: 3 }],
    ['    at new Layer (C:\\models\\m.ts:7:3)', { file: 'C:\\models\\m.ts', line: 7, column: 3 }],
    ['    at Array.map (<anonymous>)', undefined],
    ['', undefined],
  ])('reads the frame %s', (frame, place) => {
    expect(parseFrame(`Error\n${frame}`)).toEqual(place);
  });
});
