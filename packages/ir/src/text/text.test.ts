import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../builder.ts';
import { type Dim, namedDim } from '../dim.ts';
import type { AttrValue, CoreOp, Op } from '../op.ts';
import { findOp, ops } from '../ops/index.ts';
import { parseDim } from '../parse-dim.ts';
import type { Program, StateDecl } from '../program.ts';
import type { Value } from '../value.ts';
import { verifyProgram } from '../verify.ts';
import { parseProgram } from './parse.ts';
import { parseTypeText } from './parts.ts';
import { printProgram } from './print.ts';

/** Takes any attributes, to test how they are written. */
const probe: CoreOp = {
  kind: 'core',
  name: 'probe',
  summary: 'any attributes',
  infer: () => [{ dtype: 'f32', shape: [] }],
  reference: () => [],
  samples: [],
};
const find = (name: string): Op | undefined => (name === 'probe' ? probe : findOp(name));

const PAST_SEQ = parseDim('past + seq');

function example(): Program {
  const weight: Value = { kind: 'param', name: 'layers.0.q_proj.weight', type: parseTypeText('f16[4 4]') };
  const keys: StateDecl = { name: 'layers.0.keys', type: parseTypeText('f16[1 past 4]'), axis: 1 };
  const window: StateDecl = { name: 'window/keys-0', type: parseTypeText('f16[1 4 seen]'), axis: 2 };
  const step = new GraphBuilder('step');
  step.origin = { scope: 'layers.0.attn', place: { file: 'src/a "quoted" model.ts', line: 12, column: 3 } };
  const x = step.input('x', parseTypeText('f16[1 seq 4]'));
  const y = step.emit(ops.linear, [x, weight], {});
  const grown = step.emit(ops.append, [step.state(keys), y], { axis: 1 });
  step.origin = { scope: 'layers.0' };
  step.emit(ops.slice, [grown], { axis: 1, start: namedDim('past'), size: namedDim('seq') });
  step.origin = { scope: '' };
  const normed = step.emit(ops.rmsNorm, [x, step.input('scale', parseTypeText('f16[4]'))], {
    eps: 1e-30,
    scaleInF32: true,
  });
  step.origin = { scope: '', place: { file: 'model.ts', line: 1, column: 1 } };
  step.output('past.y', normed);
  step.output('keys', grown);
  const images = new GraphBuilder('images');
  const pixels = images.input('pixels', parseTypeText('u8[h w 2]'));
  const rows = images.emit(ops.reshape, [pixels], { shape: [parseDim('(h*w)/4'), 8] });
  images.output('rows', rows);
  images.emit(ops.reset, [images.state(window)], { axis: -1 });
  return {
    name: 'casa example',
    dims: new Map(
      Object.entries({
        seq: { min: 1, max: 512, multipleOf: 1 },
        past: { min: 0, max: 4096, multipleOf: 1 },
        seen: { min: 0, max: 64, multipleOf: 1 },
        h: { min: 2, max: 64, multipleOf: 2 },
        w: { min: 2, max: 64, multipleOf: 2 },
      }),
    ),
    params: new Map([[weight.name, weight]]),
    states: new Map([keys, window].map((state) => [state.name, state])),
    entries: new Map([step, images].map((builder) => [builder.name, builder.finish()])),
  };
}

describe('the text form', () => {
  it('reads like this', () => {
    expect(printProgram(example())).toMatchInlineSnapshot(`
      "program casa example
      dim seq = 1 .. 512
      dim past = 0 .. 4096
      dim seen = 0 .. 64
      dim h = 2 .. 64 step 2
      dim w = 2 .. 64 step 2
      param @layers.0.q_proj.weight : f16[4 4]
      state $layers.0.keys : f16[1 past 4] axis 1
      state $window/keys-0 : f16[1 4 seen] axis 2

      entry step(%x : f16[1 seq 4], %scale : f16[4]) {
        %linear_0 : f16[1 seq 4] = linear(%x, @layers.0.q_proj.weight) in "layers.0.attn" at "src/a \\"quoted\\" model.ts":12:3
        %append_1 : f16[1 past+seq 4] = append($layers.0.keys, %linear_0) {axis=1} in "layers.0.attn" at "src/a \\"quoted\\" model.ts":12:3
        %slice_2 : f16[1 seq 4] = slice(%append_1) {axis=1, start=past, size=seq} in "layers.0"
        %rmsNorm_3 : f16[1 seq 4] = rmsNorm(%x, %scale) {eps=1e-30, scaleInF32=true}
        keep $layers.0.keys = %append_1
        return past.y = %rmsNorm_3
        return keys = %append_1
      }

      entry images(%pixels : u8[h w 2]) {
        %reshape_0 : u8[h*w/4 8] = reshape(%pixels) {shape=[h*w/4 8]}
        %reset_1 : f16[1 4 0] = reset($window/keys-0) {axis=-1}
        keep $window/keys-0 = %reset_1
        return rows = %reshape_0
      }
      "
    `);
  });

  it('is read back to the same program', () => {
    const program = example();
    verifyProgram(program);
    const copy = parseProgram(printProgram(program));
    verifyProgram(copy);
    expect(copy).toEqual(program);
    expect(printProgram(copy)).toBe(printProgram(program));
  });

  it('keeps values that are used in several places one value', () => {
    const step = parseProgram(printProgram(example())).entries.get('step');
    const [linear, append, slice] = step?.nodes ?? [];
    expect(append?.inputs[1]).toBe(linear?.outputs[0]);
    expect(slice?.inputs[0]).toBe(append?.outputs[0]);
    expect(step?.states[0]?.start).toBe(append?.inputs[0]);
    expect(step?.states[0]?.end).toBe(append?.outputs[0]);
  });

  it('keeps a state that is read but not changed', () => {
    const text = 'program p\ndim n = 0 .. 4\nstate $s : f32[n] axis 0\n\nentry read() {\n  keep $s = $s\n}\n';
    expect(printProgram(parseProgram(text))).toBe(text);
  });
});

function withAttrs(attrs: Readonly<Record<string, AttrValue>>): Program {
  const builder = new GraphBuilder('main');
  builder.emit(probe, [], attrs);
  const dims = new Map(['seq', 'falsehoods', 'trueish'].map((name) => [name, { min: 0, max: 9, multipleOf: 1 }]));
  const main = builder.finish();
  return { name: 'p', dims, params: new Map(), states: new Map(), entries: new Map([[main.name, main]]) };
}

describe('attributes', () => {
  it.each<[string, AttrValue]>([
    ['negative zero', -0],
    ['a tiny number', 1e-30],
    ['a huge number', 1.5e300],
    ['a number with 17 digits', 0.1 + 0.2],
    ['no number', Number.NaN],
    ['infinities', [Infinity, -Infinity]],
    ['a text with quotes and escapes', 'say "hi", \\ {a=1}\n\u{1f600}'],
    ['an empty text', ''],
    ['booleans', [true, false]],
    ['nested lists', [[1, 2], [], [[-3.5]], ['a b', true]]],
    ['symbolic sizes', [namedDim('seq'), PAST_SEQ, 4, parseDim('2*seq'), parseDim('12*seq - 3'), parseDim('3 - seq')]],
    ['fractions of sizes', [parseDim('seq/4'), parseDim('(past + 3)/2'), parseDim('-3*seq*past/2')]],
    ['sizes named like booleans', [namedDim('falsehoods'), namedDim('trueish'), parseDim('trueish + 1')]],
  ])('%s', (_, value) => {
    const program = withAttrs({ before: 1, value, after: 'end' });
    const copy = parseProgram(printProgram(program), find);
    expect(copy).toEqual(program);
    expect(printProgram(copy)).toBe(printProgram(program));
  });

  it('of any kind', () => {
    const size = fc.constantFrom<Dim>(namedDim('seq'), PAST_SEQ, parseDim('(7*seq + 1)/2'));
    const { attr } = fc.letrec<{ attr: AttrValue }>((tie) => ({
      attr: fc.oneof(
        { maxDepth: 3 },
        fc.double(),
        fc.integer(),
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        size,
        fc.array(tie('attr'), { maxLength: 4 }),
      ),
    }));
    fc.assert(
      fc.property(attr, (value) => {
        const program = withAttrs({ value });
        expect(parseProgram(printProgram(program), find)).toEqual(program);
      }),
    );
  });
});

describe('faults of the text', () => {
  const LINES = [
    'program p',
    'dim seq = 1 .. 8 step 2',
    'param @w : f32[4 4]',
    'state $s : f32[1 past] axis 1',
    '',
    'entry main(%x : f32[seq 4]) {',
    '  %y : f32[seq 4] = linear(%x, @w) {axis=0, names=["a" true]} in "scope" at "m.ts":1:2',
    '  keep $s = $s',
    '  return out = %y',
    '}',
  ];

  it.each([
    ['a word that starts no line', 'dim seq', 'size seq'],
    ['a bound that is no number', '1 .. 8', '1 .. many'],
    ['something after the end of a line', 'step 2', 'step 2 2'],
    ['a missing sigil', 'param @w', 'param w'],
    ['an unknown dtype', '@w : f32', '@w : f31'],
    ['a shape that is not closed', 'f32[4 4]', 'f32[4 4'],
    ['a size that is no expression', 'f32[seq 4])', 'f32[seq+ 4])'],
    ['a size that does not divide', 'f32[seq 4])', 'f32[seq/0 4])'],
    ['an unknown op', 'linear', 'linnear'],
    ['an unknown value', '(%x, @w)', '(%z, @w)'],
    ['an unknown param', '(%x, @w)', '(%x, @v)'],
    ['an unknown state', 'keep $s', 'keep $t'],
    ['a missing comma', '%x, @w', '%x @w'],
    ['an attribute without value', 'axis=0', 'axis=,'],
    ['a text without end', '["a" true]', '["a true]'],
    ['a place without line', '"m.ts":1:2', '"m.ts"'],
    ['an entry without end', '\n}', ''],
  ])('%s', (_, from, to) => {
    const text = LINES.join('\n');
    expect(text.split(from)).toHaveLength(2);
    let message = 'nothing was thrown';
    try {
      parseProgram(text.replace(from, to));
    } catch (error) {
      message = String(error);
    }
    expect({ [to]: message }).toMatchSnapshot();
  });

  it('a type that does not stand alone', () => {
    expect(() => parseTypeText('f32[2 3] x')).toThrow('line 1, column 10: expected the end of the line, found "x"');
  });
});
