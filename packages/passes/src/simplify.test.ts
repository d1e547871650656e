import { describe, expect, it } from 'vitest';
import { body, entryOf, runPass } from '../../../test/support/passes.ts';
import { simplify } from './simplify.ts';

const constants = (type: string, value: number) => `constant() {dtype="${type}", shape=[], values=[${value}]}`;

/** Node lines in an entry with x: f32[2 seq 3], y the result. */
function program(lines: readonly string[], declarations = ''): string {
  const nodes = lines.map((line) => `  ${line}\n`).join('');
  return `program p\ndim seq = 1 .. 4\ndim past = 0 .. 8\n${declarations}\nentry main(%x : f32[2 seq 3]) {\n${nodes}}\n`;
}

describe('simplify removes', () => {
  it.each([
    'reshape(%x) {shape=[2 seq 3]}',
    'transpose(%x) {perm=[0 1 2]}',
    'cast(%x) {to="f32"}',
    'broadcastTo(%x) {shape=[2 seq 3]}',
    'concat(%x) {axis=1}',
    'slice(%x) {axis=1, start=0, size=seq}',
    'add(%x, %zero)',
    'add(%zero, %x)',
    'sub(%x, %zero)',
    'mul(%x, %ones)',
    'mul(%one, %x)',
    'div(%x, %one)',
  ])('%s', (node) => {
    const text = program([
      `%zero : f32[] = ${constants('f32', 0)}`,
      `%one : f32[] = ${constants('f32', 1)}`,
      '%ones : f32[3] = constant() {dtype="f32", shape=[3], values=[1 1 1]}',
      `%y : f32[2 seq 3] = ${node}`,
      '%z : f32[2 seq 3] = exp(%y)',
      'return z = %z',
      'return y = %y',
    ]);
    const { program: after, changed, notes } = runPass(simplify(), text);
    const { inputs, nodes, outputs } = entryOf(after);
    expect({ changed, notes }).toEqual({ changed: true, notes: [] });
    expect(nodes.map(({ op }) => op.name)).toEqual(['constant', 'constant', 'constant', 'exp']);
    expect(nodes[3]?.inputs).toEqual(inputs);
    expect(outputs.map(({ name, value }) => `${name} = ${value.name}`)).toEqual(['z = z', 'y = x']);
  });
});

describe('simplify keeps', () => {
  it.each([
    ['reshape(%x) {shape=[seq 2 3]}', 'f32[seq 2 3]'],
    ['transpose(%x) {perm=[1 0 2]}', 'f32[seq 2 3]'],
    ['cast(%x) {to="f16"}', 'f16[2 seq 3]'],
    ['broadcastTo(%x) {shape=[1 2 seq 3]}', 'f32[1 2 seq 3]'],
    ['concat(%x, %x) {axis=0}', 'f32[4 seq 3]'],
    ['slice(%x) {axis=2, start=0, size=2}', 'f32[2 seq 2]'],
    ['add(%x, %one)', 'f32[2 seq 3]'],
    ['mul(%x, %zero)', 'f32[2 seq 3]'],
    ['sub(%zero, %x)', 'f32[2 seq 3]'],
    ['div(%one, %x)', 'f32[2 seq 3]'],
    ['add(%x, %zeros)', 'f32[5 2 seq 3]'],
    ['mul(%x, %mixed)', 'f32[2 seq 3]'],
    ['max(%x, %zero)', 'f32[2 seq 3]'],
  ])('%s', (node, type) => {
    const text = program([
      `%zero : f32[] = ${constants('f32', 0)}`,
      `%one : f32[] = ${constants('f32', 1)}`,
      '%zeros : f32[5 1 1 1] = constant() {dtype="f32", shape=[5 1 1 1], values=[0 0 0 0 0]}',
      '%mixed : f32[3] = constant() {dtype="f32", shape=[3], values=[1 1 2]}',
      `%y : ${type} = ${node}`,
      'return y = %y',
    ]);
    const { program: after, before, changed } = runPass(simplify(), text);
    expect(changed).toBe(false);
    expect(after).toBe(before);
  });
});

describe('simplify joins', () => {
  it('reshapes and transposes', () => {
    const text = program([
      '%flat : f32[6*seq] = reshape(%x) {shape=[6*seq]}',
      '%wide : f32[seq 6] = reshape(%flat) {shape=[seq 6]}',
      '%back : f32[2 seq 3] = reshape(%wide) {shape=[2 seq 3]}',
      '%turned : f32[3 2 seq] = transpose(%x) {perm=[2 0 1]}',
      '%more : f32[seq 3 2] = transpose(%turned) {perm=[2 0 1]} in "a" at "model.ts":1:2',
      '%whole : f32[2 seq 3] = transpose(%more) {perm=[2 0 1]}',
      'return wide = %wide',
      'return back = %back',
      'return more = %more',
      'return whole = %whole',
    ]);
    expect(body(runPass(simplify(), text).program)).toMatchInlineSnapshot(`
      "
        %flat : f32[6*seq] = reshape(%x) {shape=[6*seq]}
        %wide : f32[seq 6] = reshape(%x) {shape=[seq 6]}
        %turned : f32[3 2 seq] = transpose(%x) {perm=[2 0 1]}
        %more : f32[seq 3 2] = transpose(%x) {perm=[1 2 0]} in "a" at "model.ts":1:2
        return wide = %wide
        return back = %x
        return more = %more
        return whole = %x
      "
    `);
  });

  it('chains of things that change nothing', () => {
    const text = program([
      '%a : f32[2 seq 3] = cast(%x) {to="f32"}',
      '%b : f32[2 seq 3] = reshape(%a) {shape=[2 seq 3]}',
      '%c : f32[2 seq 3] = transpose(%b) {perm=[0 1 2]}',
      '%y : f32[2 seq 3] = exp(%c)',
      'return y = %y',
    ]);
    expect(body(runPass(simplify(), text).program)).toMatchInlineSnapshot(`
      "
        %y : f32[2 seq 3] = exp(%x)
        return y = %y
      "
    `);
  });
});

describe('simplify and states', () => {
  const states = 'state $s : f32[2 past 3] axis 1\n';

  it('keeps copies of a state, which may be used after its update', () => {
    const text = program(
      [
        '%copy : f32[2 past 3] = reshape($s) {shape=[2 past 3]}',
        '%next : f32[2 past+seq 3] = append($s, %x) {axis=1}',
        '%y : f32[2 past 3] = exp(%copy)',
        'keep $s = %next',
        'return copy = %copy',
        'return y = %y',
      ],
      states,
    );
    const { program: after, before, changed, notes } = runPass(simplify(), text);
    expect({ changed, same: after === before }).toEqual({ changed: false, same: true });
    expect(notes).toMatchInlineSnapshot(`
      [
        "main: left reshape "copy" alone: it keeps a copy of state "s"",
      ]
    `);
  });

  it('does not look through a node that reads a state', () => {
    const text = program(
      [
        '%turned : f32[past 2 3] = transpose($s) {perm=[1 0 2]}',
        '%next : f32[2 past+seq 3] = append($s, %x) {axis=1}',
        '%y : f32[3 2 past] = transpose(%turned) {perm=[2 1 0]}',
        'keep $s = %next',
        'return y = %y',
      ],
      states,
    );
    const { changed, notes } = runPass(simplify(), text);
    expect({ changed, notes }).toEqual({ changed: false, notes: [] });
  });
});
