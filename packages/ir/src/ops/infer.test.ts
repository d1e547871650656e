import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../builder.ts';
import { type Dim, namedDim } from '../dim.ts';
import { IrError } from '../error.ts';
import type { Attrs, CompositeOp, Op } from '../op.ts';
import { parseDim } from '../parse-dim.ts';
import { parseTypeText } from '../text/parts.ts';
import { printType } from '../types.ts';
import { type OpName, ops } from './index.ts';

type Case = readonly [op: OpName, types: readonly string[], attrs?: Attrs];

const tried = new Set<string>();
const refused = new Set<string>();

/** What an op makes of operands of these types: the result's type, or what it says against them. */
function verdict([name, types, attrs = {}]: Case): string {
  const builder = new GraphBuilder('main');
  const inputs = types.map((type, i) => builder.input('abcdefgh'.charAt(i), parseTypeText(type)));
  const op: Op = ops[name]; // one op out of many: its attributes are checked by infer, which is what is tested
  tried.add(name);
  try {
    return `${name}(${types.join(', ')}) is ${printType(builder.emit(op, inputs, attrs).type)}`;
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    refused.add(name);
    return error.problem;
  }
}

const verdicts = (...cases: readonly Case[]) => `\n${cases.map(verdict).join('\n')}\n`;

describe('elementwise ops', () => {
  it('broadcast', () => {
    expect(
      verdicts(
        ['add', ['f32[2 seq 3]', 'f32[3]']],
        ['sub', ['i32[seq 1]', 'i32[1 past+seq]']],
        ['mul', ['f16[]', 'f16[0 4]']],
        ['div', ['f32[2 1]', 'f32[1 3]']],
        ['less', ['f32[2]', 'f32[2]']],
        ['lessOrEqual', ['i32[keys]', 'i32[queries 1]']],
        ['equal', ['i32[2 1]', 'i32[3]']],
        ['and', ['bool[2 1]', 'bool[3]']],
        ['or', ['bool[]', 'bool[3]']],
        ['not', ['bool[seq]']],
        ['pow', ['f32[2]', 'f32[]']],
        ['max', ['f32[2]', 'f32[]']],
        ['min', ['i32[2]', 'i32[]']],
        ['where', ['bool[seq 1]', 'f16[4]', 'f16[]']],
        ['broadcastTo', ['f32[1 4]'], { shape: [2, namedDim('seq'), 4] }],
      ),
    ).toMatchInlineSnapshot(`
      "
      add(f32[2 seq 3], f32[3]) is f32[2 seq 3]
      sub(i32[seq 1], i32[1 past+seq]) is i32[seq past+seq]
      mul(f16[], f16[0 4]) is f16[0 4]
      div(f32[2 1], f32[1 3]) is f32[2 3]
      less(f32[2], f32[2]) is bool[2]
      lessOrEqual(i32[keys], i32[queries 1]) is bool[queries keys]
      equal(i32[2 1], i32[3]) is bool[2 3]
      and(bool[2 1], bool[3]) is bool[2 3]
      or(bool[], bool[3]) is bool[3]
      not(bool[seq]) is bool[seq]
      pow(f32[2], f32[]) is f32[2]
      max(f32[2], f32[]) is f32[2]
      min(i32[2], i32[]) is i32[2]
      where(bool[seq 1], f16[4], f16[]) is f16[seq 4]
      broadcastTo(f32[1 4]) is f32[2 seq 4]
      "
    `);
  });

  it('refuse operands that do not fit', () => {
    expect(
      verdicts(
        ['add', ['f32[2 3]', 'f32[2]']],
        ['sub', ['f32[seq]', 'f32[past]']],
        ['mul', ['f32[2]', 'f16[2]']],
        ['div', ['i32[2]', 'i32[2]']],
        ['less', ['bool[2]', 'bool[2]']],
        ['lessOrEqual', ['f32[2]']],
        ['equal', ['i64[2]', 'i64[2]']],
        ['and', ['i32[2]', 'i32[2]']],
        ['or', ['bool[2]', 'bool[3]']],
        ['not', ['f32[2]']],
        ['pow', ['i32[2]', 'i32[2]']],
        ['max', ['u8[2]', 'u8[2]']],
        ['min', ['f32[2]', 'f32[2]', 'f32[2]']],
        ['where', ['f32[2]', 'f32[2]', 'f32[2]']],
        ['where', ['bool[2]', 'f32[2]', 'i32[2]']],
        ['where', ['bool[2]', 'f32[2]', 'f32[3]']],
        ['broadcastTo', ['f32[2 4]'], { shape: [3, 4] }],
        ['broadcastTo', ['f32[2 4]'], { shape: [4] }],
      ),
    ).toMatchInlineSnapshot(`
      "
      add: shapes [2 3] and [2] do not broadcast: 3 and 2 differ
      sub: shapes [seq] and [past] do not broadcast: seq and past differ
      mul: operands differ in dtype: f32[2] and f16[2]; cast one of them
      div: needs a float tensor, got i32[2]
      less: needs floats or i32, got bool[2]; cast it first
      lessOrEqual: takes 2 inputs, got 1
      equal: needs floats or i32, got i64[2]; cast it first
      and: needs a tensor of bool, got i32[2]
      or: shapes [2] and [3] do not broadcast: 2 and 3 differ
      not: needs a tensor of bool, got f32[2]
      pow: needs a float tensor, got i32[2]
      max: needs floats or i32, got u8[2]; cast it first
      min: takes 2 inputs, got 3
      where: needs a tensor of bool, got f32[2]
      where: operands differ in dtype: f32[2] and i32[2]; cast one of them
      where: shapes [2] and [2] and [3] do not broadcast: 2 and 3 differ
      broadcastTo: shapes [2 4] and [3 4] do not broadcast: 2 and 3 differ
      broadcastTo: the broadcast result must have shape [4], got f32[2 4]
      "
    `);
  });

  it('of one operand take floats', () => {
    const unary = [
      'abs',
      'cos',
      'erf',
      'exp',
      'floor',
      'log',
      'neg',
      'rsqrt',
      'sigmoid',
      'sin',
      'sqrt',
      'tanh',
    ] as const;
    for (const name of unary) {
      expect(verdict([name, ['bf16[seq 4]']])).toBe(`${name}(bf16[seq 4]) is bf16[seq 4]`);
      expect(verdict([name, ['i32[4]']])).toBe(`${name}: needs a float tensor, got i32[4]`);
      expect(verdict([name, ['f32[4]', 'f32[4]']])).toBe(`${name}: takes 1 input, got 2`);
    }
  });
});

describe('ops that move elements', () => {
  it('give the shapes they are asked for', () => {
    expect(
      verdicts(
        ['cast', ['f32[seq]'], { to: 'f16' }],
        ['concat', ['f32[2 past]', 'f32[2 seq]', 'f32[2 1]'], { axis: -1 }],
        ['constant', [], { dtype: 'i32', shape: [2, 1], values: [1, 2] }],
        ['gather', ['f16[256 64]', 'i32[1 seq]'], { axis: 0 }],
        ['gather', ['f16[2 256 64]', 'i32[]'], { axis: -2 }],
        ['iota', [], { size: parseDim('past + seq') }],
        ['reshape', ['f32[h w 8]'], { shape: [parseDim('h*w/4'), 4, 8] }],
        ['slice', ['f32[2 past+seq]'], { axis: 1, start: namedDim('past'), size: namedDim('seq') }],
        ['transpose', ['f32[1 seq 2 8]'], { perm: [0, 2, 1, 3] }],
        ['append', ['f16[1 past 4]', 'f16[1 seq 4]'], { axis: 1 }],
        ['reset', ['f16[1 past 4]'], { axis: -2 }],
      ),
    ).toMatchInlineSnapshot(`
      "
      cast(f32[seq]) is f16[seq]
      concat(f32[2 past], f32[2 seq], f32[2 1]) is f32[2 past+seq+1]
      constant() is i32[2 1]
      gather(f16[256 64], i32[1 seq]) is f16[1 seq 64]
      gather(f16[2 256 64], i32[]) is f16[2 64]
      iota() is i32[past+seq]
      reshape(f32[h w 8]) is f32[h*w/4 4 8]
      slice(f32[2 past+seq]) is f32[2 seq]
      transpose(f32[1 seq 2 8]) is f32[1 2 seq 8]
      append(f16[1 past 4], f16[1 seq 4]) is f16[1 past+seq 4]
      reset(f16[1 past 4]) is f16[1 0 4]
      "
    `);
  });

  it('refuse what does not fit', () => {
    expect(
      verdicts(
        ['cast', ['f32[2]'], { to: 'float' }],
        ['concat', [], { axis: 0 }],
        ['concat', ['f32[2 3]', 'f32[3 3]'], { axis: 1 }],
        ['concat', ['f32[2 3]', 'f32[2]'], { axis: 0 }],
        ['concat', ['f32[2 3]', 'f16[2 3]'], { axis: 0 }],
        ['concat', ['f32[2 3]'], { axis: 2 }],
        ['constant', [], { dtype: 'f32', shape: [2, 2], values: [1, 2, 3] }],
        ['constant', [], { dtype: 'float', shape: [], values: [1] }],
        ['gather', ['f32[4 4]', 'i64[2]'], { axis: 0 }],
        ['gather', ['f32[4 4]', 'i32[2]'], { axis: 0.5 }],
        ['iota', ['f32[2]'], { size: 4 }],
        ['iota', [], { size: 1.5 }],
        ['reshape', ['f32[h w]'], { shape: [parseDim('h*w/4'), 2] }],
        ['reshape', ['f32[4]'], { shape: [Number.NaN] }],
        ['slice', ['f32[2 6]'], { axis: 1, start: 4, size: 3 }],
        ['slice', ['f32[2 6]'], { axis: 1, start: -1, size: 3 }],
        ['slice', ['f32[past]'], { axis: 0, start: parseDim('past + 1'), size: 1 }],
        ['transpose', ['f32[2 3]'], { perm: [0, 0] }],
        ['transpose', ['f32[2 3]'], { perm: [1] }],
        ['append', ['f16[1 past 4]', 'f16[1 seq 8]'], { axis: 1 }],
        ['append', ['f16[1 past 4]', 'f32[1 seq 4]'], { axis: 1 }],
        ['append', ['f16[1 past 4]', 'f16[seq 4]'], { axis: 1 }],
        ['reset', ['f16[1 past 4]'], { axis: 3 }],
      ),
    ).toMatchInlineSnapshot(`
      "
      cast: unknown dtype "float"
      concat: input 0 is missing
      concat: f32[2 3] and f32[3 3] differ outside axis 1
      concat: f32[2 3] and f32[2] differ outside axis 0
      concat: operands differ in dtype: f32[2 3] and f16[2 3]; cast one of them
      concat: axis 2 is out of range for a tensor with 2 axes
      constant: 3 values given for shape [2 2]
      constant: unknown dtype "float"
      gather: needs a tensor of i32, got i64[2]
      gather: axis 0.5 is out of range for a tensor with 2 axes
      iota: takes 0 inputs, got 1
      iota() is i32[1.5]
      reshape: cannot reshape f32[h w] to [h*w/4 2]: h*w elements, not h*w/2
      reshape: NaN is not a size; sizes are whole numbers
      slice: 3 elements from 4 on exceed axis 1 of f32[2 6]
      slice: 3 elements from -1 on exceed axis 1 of f32[2 6]
      slice: 1 elements from past + 1 on exceed axis 0 of f32[past]
      transpose: perm [0 0] is no order of the axes of f32[2 3]
      transpose: perm [1] is no order of the axes of f32[2 3]
      append: f16[1 seq 8] does not fit the state f16[1 past 4] outside axis 1
      append: operands differ in dtype: f16[1 past 4] and f32[1 seq 4]; cast one of them
      append: what is appended has 2 axes, f16[seq 4], but 3 are needed
      reset: axis 3 is out of range for a tensor with 3 axes
      "
    `);
  });
});

describe('reductions and products', () => {
  it('reduce one axis', () => {
    expect(
      verdicts(
        ['reduceSum', ['i32[2 seq 3]'], { axis: 1, keepDims: false }],
        ['reduceMax', ['f16[2 seq 3]'], { axis: -1, keepDims: true }],
        ['reduceMean', ['f32[2 3]'], { axis: 0, keepDims: false }],
        ['argMax', ['f32[1 seq vocab]'], { axis: -1, keepDims: false }],
        ['matmul', ['f32[2 1 seq 8]', 'f32[3 8 keys]']],
        ['linear', ['f16[1 seq 8]', 'f16[12 8]', 'f16[12]']],
        ['dequantize', ['u8[5 3 16]', 'f16[5 3]', 'u8[5 2]'], { bits: 4, block: 32, columns: 70 }],
        [
          'quantizedLinear',
          ['f16[1 seq 64]', 'u8[12 2 16]', 'f16[12 2]', 'f16[12]'],
          { bits: 4, block: 32, columns: 64 },
        ],
        ['quantizedGather', ['i32[1 seq]', 'u8[12 2 32]', 'f32[12 2]'], { bits: 8, block: 32, columns: 64 }],
      ),
    ).toMatchInlineSnapshot(`
      "
      reduceSum(i32[2 seq 3]) is i32[2 3]
      reduceMax(f16[2 seq 3]) is f16[2 seq 1]
      reduceMean(f32[2 3]) is f32[3]
      argMax(f32[1 seq vocab]) is i32[1 seq]
      matmul(f32[2 1 seq 8], f32[3 8 keys]) is f32[2 3 seq keys]
      linear(f16[1 seq 8], f16[12 8], f16[12]) is f16[1 seq 12]
      dequantize(u8[5 3 16], f16[5 3], u8[5 2]) is f16[5 70]
      quantizedLinear(f16[1 seq 64], u8[12 2 16], f16[12 2], f16[12]) is f16[1 seq 12]
      quantizedGather(i32[1 seq], u8[12 2 32], f32[12 2]) is f32[1 seq 64]
      "
    `);
  });

  it('refuse what does not fit', () => {
    expect(
      verdicts(
        ['reduceSum', ['bool[2]'], { axis: 0, keepDims: false }],
        ['reduceMax', ['i32[2]'], { axis: 0, keepDims: false }],
        ['reduceMean', ['f32[2]'], { axis: 1, keepDims: false }],
        ['argMax', ['f32[]'], { axis: -1, keepDims: false }],
        ['matmul', ['f32[2 3]', 'f32[2 3]']],
        ['matmul', ['f32[3]', 'f32[3 2]']],
        ['matmul', ['f32[3 2]', 'f32[2]']],
        ['matmul', ['f32[2 4 3]', 'f32[5 3 4]']],
        ['matmul', ['i32[2 3]', 'i32[3 2]']],
        ['linear', ['f32[2 3]', 'f32[3 4]']],
        ['dequantize', ['u8[5 3 16]', 'f32[5 3]'], { bits: 3, block: 32, columns: 70 }],
        ['dequantize', ['u8[5 3 16]', 'f32[5 3]'], { bits: 4, block: 24, columns: 70 }],
        ['dequantize', ['u8[5 3 16]', 'f32[5 3]'], { bits: 4, block: 32, columns: 64 }],
        ['dequantize', ['u8[5 3 16]', 'f32[5 2]'], { bits: 4, block: 32, columns: 70 }],
        ['dequantize', ['u8[5 3 16]', 'f32[5 3]', 'u8[5 3]'], { bits: 4, block: 32, columns: 70 }],
        ['dequantize', ['u8[5 3 16]', 'f32[5 3]', 'f32[5]'], { bits: 4, block: 32, columns: 70 }],
        ['quantizedLinear', ['f32[1 64]', 'u8[12 3 16]', 'f32[12 3]'], { bits: 4, block: 32, columns: 70 }],
        ['quantizedLinear', ['f16[1 70]', 'u8[12 3 16]', 'f32[12 3]'], { bits: 4, block: 32, columns: 70 }],
        ['quantizedLinear', ['f32[1 70]', 'u8[12 3 16]', 'f32[12 3]', 'f32[1]'], { bits: 4, block: 32, columns: 70 }],
        ['quantizedGather', ['f32[2]', 'u8[12 3 16]', 'f32[12 3]'], { bits: 4, block: 32, columns: 70 }],
        ['quantizedGather', ['i32[2]', 'u8[12 3 16]', 'f32[12 3]', 'f32[12]'], { bits: 4, block: 32, columns: 70 }],
        ['linear', ['f32[3]', 'f32[4 3]']],
        ['linear', ['f32[2 3]', 'f16[4 3]']],
        ['linear', ['f32[2 3]', 'f32[4 3]', 'f32[3]']],
        ['linear', ['f32[2 3]']],
      ),
    ).toMatchInlineSnapshot(`
      "
      reduceSum: needs floats or i32, got bool[2]; cast it first
      reduceMax: needs a float tensor, got i32[2]
      reduceMean: axis 1 is out of range for a tensor with 1 axes
      argMax: axis -1 is out of range for a tensor with 0 axes
      matmul: the inner sizes must be equal, got 3 and 2
      matmul: needs at least two axes, got f32[3]
      matmul: needs at least two axes, got f32[2]
      matmul: shapes [2] and [5] do not broadcast: 2 and 5 differ
      matmul: needs a float tensor, got i32[2 3]
      linear: x's last size and the weight's second must be equal, got 3 and 4
      dequantize: bits must be 4 or 8, got 3
      dequantize: block must be 16, 32, 64, 128 or 256, got 24
      dequantize: the packed weight of 64 columns must have shape [5 2 16], got u8[5 3 16]
      dequantize: the scales must have shape [5 3], got f32[5 2]
      dequantize: the zero points must have shape [5 2], got u8[5 3]
      dequantize: input 2 must be zero points of u8
      quantizedLinear: x's last size and the weight's columns must be equal, got 64 and 70
      quantizedLinear: operands differ in dtype: f16[1 70] and f32[12 3]; cast one of them
      quantizedLinear: the bias must have shape [12], got f32[1]
      quantizedGather: needs a tensor of i32, got f32[2]
      quantizedGather: input 3 must be zero points of u8
      linear: needs at least two axes, got f32[3]
      linear: operands differ in dtype: f32[2 3] and f16[4 3]; cast one of them
      linear: the bias must have shape [4], got f32[3]
      linear: takes 2 to 3 inputs, got 1
      "
    `);
  });
});

describe('ops of order and place', () => {
  it('give the shapes they are asked for', () => {
    expect(
      verdicts(
        ['cumSum', ['i32[b seq]'], { axis: -1 }],
        ['argSort', ['f16[b seq]'], { axis: 1, descending: true, count: 4 }],
        ['argSort', ['i32[b seq]'], { axis: 1, descending: false, count: namedDim('seq') }],
        ['gatherAlong', ['f16[b n 8]', 'i32[b kept 1]'], { axis: 1 }],
        ['gatherAlong', ['bool[b n]', 'i32[1 4]'], { axis: -1 }],
        ['scatterAlong', ['f16[b n 8]', 'i32[b kept 1]', 'f16[b kept 8]'], { axis: 1 }],
        ['maxSimilarity', ['f16[i p 8]', 'f16[j t 8]', 'bool[j t]']],
        ['nonZero', ['bool[n]'], { count: namedDim('kept') }],
      ),
    ).toMatchInlineSnapshot(`
      "
      cumSum(i32[b seq]) is i32[b seq]
      argSort(f16[b seq]) is i32[b 4]
      argSort(i32[b seq]) is i32[b seq]
      gatherAlong(f16[b n 8], i32[b kept 1]) is f16[b kept 8]
      gatherAlong(bool[b n], i32[1 4]) is bool[b 4]
      scatterAlong(f16[b n 8], i32[b kept 1], f16[b kept 8]) is f16[b n 8]
      maxSimilarity(f16[i p 8], f16[j t 8], bool[j t]) is f16[i j p]
      nonZero(bool[n]) is i32[kept]
      "
    `);
  });

  it('refuse what does not fit', () => {
    expect(
      verdicts(
        ['cumSum', ['bool[4]'], { axis: 0 }],
        ['cumSum', ['f32[4]'], { axis: 1 }],
        ['argSort', ['bool[4]'], { axis: 0, descending: true, count: 1 }],
        ['argSort', ['f32[4]'], { axis: 0, descending: true, count: 5 }],
        ['argSort', ['f32[n]'], { axis: 0, descending: true, count: -1 }],
        ['gatherAlong', ['f32[b n 8]', 'i32[b kept]'], { axis: 1 }],
        ['gatherAlong', ['f32[b n 8]', 'i32[b kept 4]'], { axis: 1 }],
        ['gatherAlong', ['f32[b n]', 'f32[b n]'], { axis: 1 }],
        ['scatterAlong', ['f32[b n]', 'i32[b kept]', 'f32[b n]'], { axis: 1 }],
        ['scatterAlong', ['f32[b n]', 'i32[b kept]', 'f16[b kept]'], { axis: 1 }],
        ['scatterAlong', ['f32[b n]', 'i32[b 0]', 'f32[b 0]'], { axis: 1 }],
        ['maxSimilarity', ['f32[i p 8]', 'f32[j t 4]']],
        ['maxSimilarity', ['f32[i p 8]', 'f32[t 8]']],
        ['maxSimilarity', ['f32[i p 8]', 'f32[j t 8]', 'bool[t j]']],
        ['nonZero', ['bool[n]'], { count: 4 }],
        ['nonZero', ['bool[n]'], { count: parseDim('2*kept') }],
        ['nonZero', ['bool[n 2]'], { count: namedDim('kept') }],
        ['nonZero', ['i32[n]'], { count: namedDim('kept') }],
      ),
    ).toMatchInlineSnapshot(`
      "
      cumSum: needs floats or i32, got bool[4]; cast it first
      cumSum: axis 1 is out of range for a tensor with 1 axes
      argSort: needs floats or i32, got bool[4]; cast it first
      argSort: cannot pick 5 of 4 elements
      argSort: cannot pick -1 of n elements
      gatherAlong: indices i32[b kept] must have the sizes of f32[b n 8], or 1, but for axis 1
      gatherAlong: indices i32[b kept 4] must have the sizes of f32[b n 8], or 1, but for axis 1
      gatherAlong: needs a tensor of i32, got f32[b n]
      scatterAlong: the updates must have shape [b kept], got f32[b n]
      scatterAlong: operands differ in dtype: f32[b n] and f16[b kept]; cast one of them
      scatterAlong: needs at least one index
      maxSimilarity: the widths of x and y must be equal, got 8 and 4
      maxSimilarity: y has 2 axes, f32[t 8], but 3 are needed
      maxSimilarity: keep must have shape [j t], got bool[t j]
      nonZero: the count must be a dim of its own, got 4
      nonZero: the count must be a dim of its own, got 2*kept
      nonZero: what is counted has 2 axes, bool[n 2], but 1 are needed
      nonZero: needs a tensor of bool, got i32[n]
      "
    `);
  });
});

describe('composite ops', () => {
  it('keep the shape of x', () => {
    expect(
      verdicts(
        ['softmax', ['f16[1 seq 8]'], { axis: -1 }],
        ['gelu', ['f32[seq 4]'], { approximate: 'none' }],
        ['silu', ['f32[seq 4]']],
        ['swiglu', ['f16[seq 4]', 'f16[seq 4]']],
        ['rmsNorm', ['f16[1 seq 8]', 'f16[8]'], { eps: 1e-6, scaleInF32: true }],
        ['layerNorm', ['f32[1 seq 8]', 'f32[8]', 'f32[8]'], { eps: 1e-6 }],
        ['rope', ['f16[1 seq 2 8]', 'i32[1 seq]'], { theta: 1e4, layout: 'half', sections: [] }],
        ['rope', ['f16[1 seq 2 8]', 'i32[3 1 seq]'], { theta: 1e4, layout: 'half', sections: [1, 1, 2] }],
        ['attention', ['f16[b q 6 8]', 'f16[b k 2 8]', 'f16[b k 2 5]'], { causal: true, scale: 1 }],
        [
          'attention',
          ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]', 'i32[1 q]', 'i32[1 k]'],
          { causal: false, scale: 1 },
        ],
        [
          'attention',
          ['f32[b q 2 8]', 'f32[b k 2 8]', 'f32[b k 2 8]', 'i32[b q]', 'i32[b k]', 'bool[b 1 1 k]'],
          { causal: true, scale: 1 },
        ],
        ['attentionWeights', ['f16[b q 6 8]', 'f16[b k 2 8]', 'bool[1 6 q 1]'], { causal: false, scale: 1 }],
      ),
    ).toMatchInlineSnapshot(`
      "
      softmax(f16[1 seq 8]) is f16[1 seq 8]
      gelu(f32[seq 4]) is f32[seq 4]
      silu(f32[seq 4]) is f32[seq 4]
      swiglu(f16[seq 4], f16[seq 4]) is f16[seq 4]
      rmsNorm(f16[1 seq 8], f16[8]) is f16[1 seq 8]
      layerNorm(f32[1 seq 8], f32[8], f32[8]) is f32[1 seq 8]
      rope(f16[1 seq 2 8], i32[1 seq]) is f16[1 seq 2 8]
      rope(f16[1 seq 2 8], i32[3 1 seq]) is f16[1 seq 2 8]
      attention(f16[b q 6 8], f16[b k 2 8], f16[b k 2 5]) is f16[b q 6 5]
      attention(f32[1 q 2 8], f32[1 k 2 8], f32[1 k 2 8], i32[1 q], i32[1 k]) is f32[1 q 2 8]
      attention(f32[b q 2 8], f32[b k 2 8], f32[b k 2 8], i32[b q], i32[b k], bool[b 1 1 k]) is f32[b q 2 8]
      attentionWeights(f16[b q 6 8], f16[b k 2 8], bool[1 6 q 1]) is f16[b 6 q k]
      "
    `);
  });

  it('refuse what does not fit', () => {
    const rope = { theta: 1e4, layout: 'half', sections: [] };
    const attention = { causal: true, scale: 1 };
    expect(
      verdicts(
        ['softmax', ['f16[1 seq 8]'], { axis: 3 }],
        ['softmax', ['i32[8]'], { axis: 0 }],
        ['gelu', ['f32[4]'], { approximate: 'sigmoid' }],
        ['gelu', ['i32[4]'], { approximate: 'none' }],
        ['silu', ['i32[4]']],
        ['swiglu', ['f16[4]', 'f16[1]']],
        ['rmsNorm', ['f16[1 seq 8]', 'f16[4]'], { eps: 1e-6, scaleInF32: true }],
        ['rmsNorm', ['f16[1 seq 8]', 'f32[8]'], { eps: 1e-6, scaleInF32: true }],
        ['rmsNorm', ['f32[]', 'f32[]'], { eps: 1e-6, scaleInF32: true }],
        ['layerNorm', ['f32[2 8]', 'f32[8]'], { eps: 1e-6 }],
        ['layerNorm', ['f32[2 8]', 'f32[8]', 'f32[2 8]'], { eps: 1e-6 }],
        ['rope', ['f32[1 seq 2 7]', 'i32[1 seq]'], rope],
        ['rope', ['f32[1 seq 8]', 'i32[1 seq]'], rope],
        ['rope', ['f32[1 seq 2 8]', 'i32[seq]'], rope],
        ['rope', ['f32[1 seq 2 8]', 'f32[1 seq]'], rope],
        ['rope', ['f32[1 seq 2 8]', 'i32[1 seq]'], { ...rope, layout: 'pairs' }],
        ['rope', ['f32[1 seq 2 8]', 'i32[2 1 seq]'], { ...rope, sections: [2, 1] }],
        ['rope', ['f32[1 seq 2 8]', 'i32[1 seq]'], { ...rope, axial: true }],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]', 'i32[1 q]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 4]', 'f32[1 k 2 8]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 q 2 8]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[2 k 2 8]', 'f32[2 k 2 8]'], attention],
        ['attention', ['f32[1 q 3 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]'], attention],
        ['attention', ['f32[1 q heads 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]'], attention],
        ['attention', ['f32[q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f16[1 k 2 8]', 'f16[1 k 2 8]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]', 'i32[1 q]', 'i32[1 q]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]', 'i64[1 q]', 'i64[1 k]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]', 'bool[q k]'], attention],
        ['attention', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 k 2 8]', 'bool[1 1 k q]'], attention],
        ['attentionWeights', ['f32[1 q 2 8]', 'f32[1 k 2 8]', 'f32[1 1 q k]'], attention],
      ),
    ).toMatchInlineSnapshot(`
      "
      softmax: axis 3 is out of range for a tensor with 3 axes
      softmax: needs a float tensor, got i32[8]
      gelu: unknown approximation "sigmoid"
      gelu: needs a float tensor, got i32[4]
      silu: needs a float tensor, got i32[4]
      swiglu: up must have shape [4], got f16[1]
      rmsNorm: the weight must have shape [8], got f16[4]
      rmsNorm: operands differ in dtype: f16[1 seq 8] and f32[8]; cast one of them
      rmsNorm: axis -1 does not exist in []
      layerNorm: takes 3 inputs, got 2
      layerNorm: the bias must have shape [8], got f32[2 8]
      rope: the head size must be an even number, got 7
      rope: x has 3 axes, f32[1 seq 8], but 4 are needed
      rope: positions must have shape [1 seq], got i32[seq]
      rope: needs a tensor of i32, got f32[1 seq]
      rope: unknown layout "pairs"
      rope: sections [2 1] cover 3 pairs of 4
      rope: axial needs sections, one per axis of positions
      attention: needs a tensor of bool, got i32[1 q]
      attention: the head sizes of q and k must be equal, got 8 and 4
      attention: v must have shape [1 k 2 8], got f32[1 q 2 8]
      attention: the batch sizes of q and k must be equal, got 1 and 2
      attention: 3 query heads do not divide among 2 kv heads
      attention: the numbers of heads must be fixed, got heads and 2
      attention: q has 3 axes, f32[q 2 8], but 4 are needed
      attention: operands differ in dtype: f32[1 q 2 8] and f16[1 k 2 8] and f16[1 k 2 8]; cast one of them
      attention: the segments of k must have shape [1 k], got i32[1 q]
      attention: needs a tensor of i32, got i64[1 q]
      attention: takes 3 inputs and optional segments and mask, got 2
      attention: the mask must broadcast to [1 2 q k], got bool[q k]
      attention: the mask must broadcast to [1 2 q k], got bool[1 1 k q]
      attentionWeights: needs a tensor of bool, got f32[1 1 q k]
      "
    `);
  });

  it('convolve images of any size', () => {
    const plain = { stride: [1, 1], padding: [0, 0, 0, 0] };
    expect(
      verdicts(
        ['conv2d', ['f16[b 3 h w]', 'f16[8 3 4 4]', 'f16[8]'], { ...plain, stride: [4, 4] }],
        ['conv2d', ['f32[b 8 floor(h/4) w]', 'f32[16 8 2 2]'], { ...plain, stride: [2, 2] }],
        ['conv2d', ['f32[b 8 h w]', 'f32[8 1 7 7]'], { stride: [1, 1], padding: [3, 3, 3, 3] }],
        ['conv2d', ['f32[b 8 h 9]', 'f32[4 4 3 3]'], { stride: [2, 2], padding: [0, 0, 1, 1] }],
        ['conv2d', ['f32[b 3 8 8]', 'f16[8 3 4 4]'], plain],
        ['conv2d', ['f32[b 3 8]', 'f32[8 3 4 4]'], plain],
        ['conv2d', ['f32[b 3 8 8]', 'f32[8 3 16]'], plain],
        ['conv2d', ['f32[b 3 8 8]', 'f32[8 3 4 4]', 'f32[3]'], plain],
        ['conv2d', ['f32[b 3 8 8]', 'f32[8 2 4 4]'], plain],
        ['conv2d', ['f32[b 4 8 8]', 'f32[3 2 4 4]'], plain],
        ['conv2d', ['f32[b c 8 8]', 'f32[3 2 4 4]'], plain],
        ['conv2d', ['f32[b 3 8 8]', 'f32[8 3 k 4]'], plain],
        ['conv2d', ['f32[b 3 8 8]', 'f32[8 3 4 4]'], { ...plain, stride: [0, 1] }],
        ['conv2d', ['f32[b 3 8 8]', 'f32[8 3 4 4]'], { ...plain, padding: [1, 1] }],
        ['conv2d', ['f32[b 3 2 8]', 'f32[8 3 4 4]'], plain],
        ['maxPool2d', ['f16[b c h w]'], { size: [2, 2], stride: [2, 2] }],
        ['meanPool2d', ['f32[b c h 9]'], { size: [1, 3], stride: [1, 2] }],
        ['maxPool2d', ['f32[b c h]'], { size: [2, 2], stride: [2, 2] }],
        ['maxPool2d', ['i32[b c h w]'], { size: [2, 2], stride: [2, 2] }],
        ['meanPool2d', ['f32[b c h w]'], { size: [2, 0], stride: [2, 2] }],
        ['meanPool2d', ['f32[b c h w]'], { size: [2, 2], stride: [2] }],
      ),
    ).toMatchInlineSnapshot(`
      "
      conv2d(f16[b 3 h w], f16[8 3 4 4], f16[8]) is f16[b 8 floor(h/4) floor(w/4)]
      conv2d(f32[b 8 floor(h/4) w], f32[16 8 2 2]) is f32[b 16 floor(h/8) floor(w/2)]
      conv2d(f32[b 8 h w], f32[8 1 7 7]) is f32[b 8 h w]
      conv2d(f32[b 8 h 9], f32[4 4 3 3]) is f32[b 4 floor(h/2) 4]
      conv2d: operands differ in dtype: f32[b 3 8 8] and f16[8 3 4 4]; cast one of them
      conv2d: x has 3 axes, f32[b 3 8], but 4 are needed
      conv2d: the weight has 3 axes, f32[8 3 16], but 4 are needed
      conv2d: the bias must have shape [8], got f32[3]
      conv2d: a weight f32[8 2 4 4] does not divide 3 channels into groups
      conv2d: a weight f32[3 2 4 4] does not divide 4 channels into groups
      conv2d: the number of channels must be fixed, got f32[b c 8 8]
      conv2d: the weight must have fixed sizes, got f32[8 3 k 4]
      conv2d: the stride must be 2 whole numbers from 1 on, got [0 1]
      conv2d: the padding must be 4 whole numbers from 0 on, got [1 1]
      conv2d: a window of 4 does not fit into 2
      maxPool2d(f16[b c h w]) is f16[b c floor(h/2) floor(w/2)]
      meanPool2d(f32[b c h 9]) is f32[b c h 4]
      maxPool2d: x has 3 axes, f32[b c h], but 4 are needed
      maxPool2d: needs a float tensor, got i32[b c h w]
      meanPool2d: the size must be 2 whole numbers from 1 on, got [2 0]
      meanPool2d: the stride must be 2 whole numbers from 1 on, got [2]
      "
    `);
  });
});

describe('composite ops of images, codes and lists', () => {
  it('give the shapes they are asked for', () => {
    expect(
      verdicts(
        ['quickGelu', ['f16[seq 4]']],
        ['logSoftmax', ['f16[seq 4]'], { axis: 0 }],
        ['l2Normalize', ['bf16[seq 4]'], { axis: -1, eps: 1e-12 }],
        ['clip', ['i32[seq]'], { min: 0, max: 3 }],
        ['standardize', ['f16[1 seq 8]'], { eps: 1e-6 }],
        ['groupNorm', ['f16[batch 6 h w]', 'f16[6]', 'f16[6]'], { groups: 3, eps: 1e-6 }],
        ['reduceMin', ['f16[2 seq 3]'], { axis: 1, keepDims: true }],
        ['argMin', ['f32[seq codes]'], { axis: -1, keepDims: false }],
        ['oneHot', ['i32[b seq]'], { size: namedDim('codes') }],
        ['stack', ['f16[seq 4]', 'f16[seq 4]', 'f16[seq 4]']],
        ['pad', ['bool[2 seq]'], { axis: -1, before: 1, after: namedDim('past'), value: 1 }],
      ),
    ).toMatchInlineSnapshot(`
      "
      quickGelu(f16[seq 4]) is f16[seq 4]
      logSoftmax(f16[seq 4]) is f16[seq 4]
      l2Normalize(bf16[seq 4]) is bf16[seq 4]
      clip(i32[seq]) is i32[seq]
      standardize(f16[1 seq 8]) is f16[1 seq 8]
      groupNorm(f16[batch 6 h w], f16[6], f16[6]) is f16[batch 6 h w]
      reduceMin(f16[2 seq 3]) is f16[2 1 3]
      argMin(f32[seq codes]) is i32[seq]
      oneHot(i32[b seq]) is bool[b seq codes]
      stack(f16[seq 4], f16[seq 4], f16[seq 4]) is f16[3 seq 4]
      pad(bool[2 seq]) is bool[2 past+seq+1]
      "
    `);
  });

  it('refuse what has no meaning', () => {
    expect(
      verdicts(
        ['quickGelu', ['i32[4]']],
        ['logSoftmax', ['f32[4]'], { axis: 1 }],
        ['l2Normalize', ['i32[4]'], { axis: 0, eps: 1e-12 }],
        ['clip', ['bool[2]'], { min: 0, max: 1 }],
        ['clip', ['f32[2]'], { min: 2, max: 1 }],
        ['clip', ['i32[2]'], { min: 0.5, max: Infinity }],
        ['standardize', ['f32[]'], { eps: 1e-6 }],
        ['groupNorm', ['f32[batch 6 h w]', 'f32[6]', 'f32[6]'], { groups: 4, eps: 1e-6 }],
        ['groupNorm', ['f32[batch 6 h w]', 'f32[6]', 'f32[3]'], { groups: 3, eps: 1e-6 }],
        ['groupNorm', ['f32[batch c h w]', 'f32[6]', 'f32[6]'], { groups: 3, eps: 1e-6 }],
        ['groupNorm', ['f32[6]', 'f32[6]', 'f32[6]'], { groups: 3, eps: 1e-6 }],
        ['reduceMin', ['i32[2]'], { axis: 0, keepDims: false }],
        ['argMin', ['f32[2]'], { axis: 2, keepDims: false }],
        ['oneHot', ['f32[2]'], { size: 2 }],
        ['stack', []],
        ['stack', ['f32[2 3]', 'f32[3 2]']],
        ['stack', ['f32[2]', 'f16[2]']],
        ['pad', ['f32[2]'], { axis: 0, before: -1, after: 0, value: 0 }],
        ['pad', ['f32[2]'], { axis: 1, before: 1, after: 0, value: 0 }],
      ),
    ).toMatchInlineSnapshot(`
      "
      quickGelu: needs a float tensor, got i32[4]
      logSoftmax: axis 1 is out of range for a tensor with 1 axes
      l2Normalize: needs a float tensor, got i32[4]
      clip: needs floats or i32, got bool[2]; cast it first
      clip: no number is from 2 to 1
      clip: 0.5 is no bound for i32
      standardize: axis -1 does not exist in []
      groupNorm: 6 channels do not divide into 4 groups
      groupNorm: the bias must have shape [6], got f32[3]
      groupNorm: c channels do not divide into 3 groups
      groupNorm: needs at least two axes, got f32[6]
      reduceMin: needs a float tensor, got i32[2]
      argMin: axis 2 is out of range for a tensor with 1 axes
      oneHot: needs a tensor of i32, got f32[2]
      stack: input 0 is missing
      stack: every part must have shape [2 3], got f32[3 2]
      stack: operands differ in dtype: f32[2] and f16[2]; cast one of them
      pad: cannot add -1 elements; use slice to take some away
      pad: axis 1 is out of range for a tensor with 1 axes
      "
    `);
  });

  it('expand to what they promise, also with symbolic sizes and in half precision', () => {
    const cases: readonly (readonly [CompositeOp, readonly string[], Attrs])[] = [
      [ops.attention, ['f16[b q 6 8]', 'f16[b past+q 2 8]', 'f16[b past+q 2 5]'], { causal: true, scale: 1 }],
      [ops.attention, ['f16[b q 6 8]', 'f16[b k 2 8]', 'f16[b k 2 5]'], { causal: false, scale: 1 }],
      [ops.attention, ['f16[b q 6 8]', 'f16[b k 2 8]', 'f16[b k 2 5]', 'bool[b 1 q k]'], { causal: true, scale: 1 }],
      [ops.attentionWeights, ['f16[b q 6 8]', 'f16[b k 2 8]', 'bool[b 6 1 k]'], { causal: false, scale: 1 }],
      [ops.rope, ['bf16[b seq 2 8]', 'i32[b seq]'], { theta: 1e4, layout: 'interleaved', sections: [] }],
      [ops.rope, ['f16[b seq 2 8]', 'i32[3 b seq]'], { theta: 1e4, layout: 'half', sections: [1, 1, 2] }],
      [ops.rmsNorm, ['f16[b seq 8]', 'f16[8]'], { eps: 1e-6, scaleInF32: true }],
      [ops.layerNorm, ['f16[b seq 8]', 'f16[8]', 'f16[8]'], { eps: 1e-6 }],
      [ops.softmax, ['f16[b seq]'], { axis: 0 }],
      [ops.linear, ['f16[b seq 8]', 'f16[4 8]', 'f16[4]'], {}],
      [ops.gelu, ['f16[seq]'], { approximate: 'tanh' }],
      [ops.silu, ['f16[seq]'], {}],
      [ops.swiglu, ['f16[seq]', 'f16[seq]'], {}],
      [ops.quickGelu, ['f16[seq]'], {}],
      [ops.logSoftmax, ['f16[b seq]'], { axis: 0 }],
      [ops.l2Normalize, ['f16[b seq]'], { axis: 0, eps: 1e-12 }],
      [ops.clip, ['f16[b seq]'], { min: -Infinity, max: Infinity }],
      [ops.standardize, ['f16[b seq]'], { eps: 1e-6 }],
      [ops.groupNorm, ['f16[b 4 h w]', 'f16[4]', 'f16[4]'], { groups: 2, eps: 1e-6 }],
      [ops.reduceMin, ['f16[b seq]'], { axis: 1, keepDims: false }],
      [ops.argMin, ['f16[b seq]'], { axis: 1, keepDims: true }],
      [ops.oneHot, ['i32[b seq]'], { size: namedDim('codes') }],
      [ops.stack, ['f16[b seq]', 'f16[b seq]'], {}],
      [ops.scatterAlong, ['f16[b n 8]', 'i32[1 kept 1]', 'f16[b kept 8]'], { axis: 1 }],
      [ops.maxSimilarity, ['f16[i p 8]', 'f16[j t 8]', 'bool[j t]'], {}],
      [ops.pad, ['f16[b seq]'], { axis: 1, before: namedDim('past'), after: 2, value: 0 }],
    ];
    for (const [op, types, attrs] of cases) {
      const builder = new GraphBuilder('main');
      const inputs = types.map((type, i) => builder.input(`x${i}`, parseTypeText(type)));
      const [promised] = op.infer(inputs.map((input) => input.type), attrs); // biome-ignore format: one call
      const [result] = op.expand(builder.emit, inputs, attrs);
      expect(result && printType(result.type), op.name).toBe(promised && printType(promised));
    }
  });
});

it('every op is tried and refuses something', () => {
  const names = Object.keys(ops).sort();
  expect([...tried].sort()).toEqual(names);
  expect([...refused].sort()).toEqual(names);
});

it('an error names the operands, the scope and the place', () => {
  const builder = new GraphBuilder('step');
  builder.origin = { scope: 'layers.3.casa_attn', place: { file: 'src/model.ts', line: 41, column: 17 } };
  const shape: readonly Dim[] = [1, namedDim('seq'), 64];
  const x = builder.input('hidden', { dtype: 'f32', shape });
  const weight = builder.input('weight', { dtype: 'f32', shape: [128, 32] });
  expect(() => builder.emit(ops.linear, [x, weight], {})).toThrowErrorMatchingInlineSnapshot(`
    [IrError: linear: x's last size and the weight's second must be equal, got 64 and 32
      hidden: f32[1 seq 64]
      weight: f32[128 32]
      in layers.3.casa_attn
      at src/model.ts:41:17]
  `);
});
