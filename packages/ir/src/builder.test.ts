import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { ops } from './ops/index.ts';
import type { StateDecl } from './program.ts';
import { parseTypeText } from './text/parts.ts';
import { printGraph } from './text/print.ts';

const keys: StateDecl = { name: 'keys', type: parseTypeText('f32[1 past 4]'), axis: 1 };

describe('GraphBuilder', () => {
  it('builds a graph node by node', () => {
    const builder = new GraphBuilder('step');
    const x = builder.input('x', parseTypeText('f32[1 seq 4]'));
    builder.origin = { scope: 'layers.0' };
    builder.emit(ops.append, [builder.state(keys), x], { axis: 1 });
    builder.origin = { scope: '' };
    builder.output('keys', builder.state(keys));
    builder.output('x', x);
    expect(printGraph(builder.finish())).toEqual([
      'entry step(%x : f32[1 seq 4]) {',
      '  %append_0 : f32[1 past+seq 4] = append($keys, %x) {axis=1} in "layers.0"',
      '  keep $keys = %append_0',
      '  return keys = %append_0',
      '  return x = %x',
      '}',
    ]);
  });

  it('gives the newest version of a state', () => {
    const builder = new GraphBuilder('step');
    const start = builder.state(keys);
    expect(builder.state(keys)).toBe(start);
    const empty = builder.emit(ops.reset, [start], { axis: 1 });
    expect(builder.state(keys)).toBe(empty);
    const next = builder.emit(ops.append, [empty, builder.input('x', parseTypeText('f32[1 2 4]'))], { axis: 1 });
    expect(builder.state(keys)).toBe(next);
    expect(builder.finish().states).toEqual([{ state: 'keys', start, end: next }]);
    expect(next).toMatchObject({ kind: 'result', state: 'keys', type: { shape: [1, 2, 4] } });
  });

  it('refuses a second input or output of a name', () => {
    const builder = new GraphBuilder('step');
    builder.origin = { scope: 'head', place: { file: 'model.ts', line: 2, column: 5 } };
    const x = builder.input('x', parseTypeText('f32[4]'));
    builder.output('y', x);
    expect(() => builder.input('x', x.type)).toThrowErrorMatchingInlineSnapshot(`
      [IrError: entry step has two inputs "x"
        in head
        at model.ts:2:5]
    `);
    expect(() => builder.output('y', x)).toThrowErrorMatchingInlineSnapshot(`
      [IrError: entry step has two outputs "y"
        in head
        at model.ts:2:5]
    `);
  });

  it('does not hide faults of an op itself', () => {
    const broken = {
      ...ops.exp,
      infer: () => {
        throw new SyntaxError('a slip');
      },
    };
    const builder = new GraphBuilder('step');
    expect(() => builder.emit(broken, [], {})).toThrow(SyntaxError);
  });
});
