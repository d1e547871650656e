import { describe, expect, it } from 'vitest';
import { runOp } from '../../../../test/support/runOp.ts';
import type { Attrs, Op } from '../op.ts';
import { elementCount, type HostTensor, tensorOf } from '../tensor.ts';
import { parseTypeText } from '../text/parts.ts';
import { type CoreOpName, coreOps } from './index.ts';

type Filled = readonly [type: string, values: readonly number[]];

function tensor([text, values]: Filled): HostTensor {
  const type = parseTypeText(text);
  return tensorOf(type.dtype, type.shape.map(Number), values);
}

/** Expects an op to give exactly this tensor. */
function expectOp(name: CoreOpName, inputs: readonly Filled[], expected: Filled, attrs: Attrs = {}): void {
  const op: Op = coreOps[name];
  expect(runOp(op, inputs.map(tensor), attrs), name).toEqual(tensor(expected));
}

/** 0, 1, 2, … in a shape: element (i, j, k) of [a b c] holds (i·b + j)·c + k. */
function counted(type: string): Filled {
  const sizes = parseTypeText(type).shape.map(Number);
  return [type, Array.from({ length: elementCount(sizes) }, (_, i) => i)];
}

describe('elementwise', () => {
  it.each<[CoreOpName, number, number]>([
    ['abs', -2.5, 2.5],
    ['cos', Math.PI, -1],
    ['exp', 1, Math.E],
    ['floor', -1.5, -2],
    ['log', Math.E, 1],
    ['neg', 3, -3],
    ['rsqrt', 4, 0.5],
    ['sigmoid', Math.log(3), 0.75],
    ['sin', Math.PI / 2, 1],
    ['sqrt', 9, 3],
    ['tanh', Math.log(2), 0.6],
  ])('%s(%d) is %d', (name, x, y) => {
    const op: Op = coreOps[name];
    expect(runOp(op, [tensor(['f32[1]', [x]])], {}).data[0]).toBeCloseTo(y, 6);
  });

  it('two operands', () => {
    const x: Filled = ['i32[2 1]', [7, -3]];
    const y: Filled = ['i32[3]', [2, 7, -4]];
    expectOp('add', [x, y], ['i32[2 3]', [9, 14, 3, -1, 4, -7]]);
    expectOp('sub', [x, y], ['i32[2 3]', [5, 0, 11, -5, -10, 1]]);
    expectOp('mul', [x, y], ['i32[2 3]', [14, 49, -28, -6, -21, 12]]);
    expectOp('max', [x, y], ['i32[2 3]', [7, 7, 7, 2, 7, -3]]);
    expectOp('min', [x, y], ['i32[2 3]', [2, 7, -4, -3, -3, -4]]);
    expectOp('equal', [x, y], ['bool[2 3]', [0, 1, 0, 0, 0, 0]]);
    expectOp('less', [x, y], ['bool[2 3]', [0, 0, 0, 1, 1, 0]]);
    expectOp('lessOrEqual', [x, y], ['bool[2 3]', [0, 1, 0, 1, 1, 0]]);
    expectOp('div', [['f32[3]', [1, 2, -3]], ['f32[]', [4]]], ['f32[3]', [0.25, 0.5, -0.75]]); // biome-ignore format: a row
    expectOp('pow', [['f32[3]', [2, 4, 9]], ['f32[3]', [3, 0.5, 0]]], ['f32[3]', [8, 2, 1]]); // biome-ignore format: a row
  });

  it('logic', () => {
    const [x, y]: Filled[] = [['bool[4]', [0, 0, 1, 1]], ['bool[4]', [0, 1, 0, 1]]]; // biome-ignore format: a row
    if (x === undefined || y === undefined) throw new Error('both are given');
    expectOp('and', [x, y], ['bool[4]', [0, 0, 0, 1]]);
    expectOp('or', [x, y], ['bool[4]', [0, 1, 1, 1]]);
    expectOp('not', [y], ['bool[4]', [1, 0, 1, 0]]);
    expectOp('where', [x, ['f32[]', [5]], ['f32[2 1]', [1, 2]]], ['f32[2 4]', [1, 1, 5, 5, 2, 2, 5, 5]]);
  });

  it('casts', () => {
    const floats: Filled = ['f32[5]', [-1.75, -0.25, 0, 0.25, 1.75]];
    expectOp('cast', [floats], ['i32[5]', [-1, 0, 0, 0, 1]], { to: 'i32' });
    expectOp('cast', [floats], ['bool[5]', [1, 1, 0, 1, 1]], { to: 'bool' });
    expectOp('cast', [['f32[2]', [1 / 3, 70000]]], ['f16[2]', [0.333251953125, Infinity]], { to: 'f16' });
    expectOp('cast', [['f32[2]', [1 / 3, 1e38]]], ['bf16[2]', [0.333984375, 1e38]], { to: 'bf16' });
    expectOp('cast', [['i32[2]', [-7, 2 ** 30]]], ['i64[2]', [-7, 2 ** 30]], { to: 'i64' });
  });

  it('rounds results to the dtype', () => {
    expectOp('add', [['f16[1]', [2048]], ['f16[1]', [1]]], ['f16[1]', [2048]]); // biome-ignore format: a row
    expectOp('add', [['bf16[1]', [256]], ['bf16[1]', [1]]], ['bf16[1]', [256]]); // biome-ignore format: a row
    expectOp('mul', [['f16[1]', [300]], ['f16[1]', [300]]], ['f16[1]', [Infinity]]); // biome-ignore format: a row
  });
});

describe('moving elements', () => {
  it('reshape and transpose', () => {
    expectOp('reshape', [counted('i32[2 3]')], counted('i32[3 1 2]'), { shape: [3, 1, 2] });
    expectOp('transpose', [counted('i32[2 3]')], ['i32[3 2]', [0, 3, 1, 4, 2, 5]], { perm: [1, 0] });
    const turned: Filled = ['i32[2 2 2]', [0, 2, 4, 6, 1, 3, 5, 7]];
    expectOp('transpose', [counted('i32[2 2 2]')], turned, { perm: [2, 0, 1] });
  });

  it('broadcastTo', () => {
    const shape = [2, 2, 3];
    const rows: Filled = ['i32[2 2 3]', [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]];
    expectOp('broadcastTo', [counted('i32[2 1]')], rows, { shape });
  });

  it('concat and slice', () => {
    const parts = [counted('i32[2 2]'), counted('i32[2 1]')];
    expectOp('concat', parts, ['i32[2 3]', [0, 1, 0, 2, 3, 1]], { axis: -1 });
    expectOp('concat', [counted('i32[1 2]'), counted('i32[2 2]')], ['i32[3 2]', [0, 1, 0, 1, 2, 3]], { axis: 0 });
    expectOp('slice', [counted('i32[2 4]')], ['i32[2 2]', [1, 2, 5, 6]], { axis: 1, start: 1, size: 2 });
    expectOp('slice', [counted('i32[3 2]')], ['i32[1 2]', [4, 5]], { axis: 0, start: 2, size: 1 });
  });

  it('gather', () => {
    const indices: Filled = ['i32[2 2]', [2, 0, 1, 1]];
    expectOp('gather', [counted('i32[3 2]'), indices], ['i32[2 2 2]', [4, 5, 0, 1, 2, 3, 2, 3]], { axis: 0 });
    expectOp('gather', [counted('i32[2 3]'), ['i32[]', [2]]], ['i32[2]', [2, 5]], { axis: 1 });
    const outside = () => expectOp('gather', [counted('i32[3 2]'), ['i32[1]', [3]]], counted('i32[1 2]'), { axis: 0 });
    expect(outside).toThrow('y: gather: index 3 is outside 0 … 2');
  });

  it('gatherAlong', () => {
    const x = counted('i32[2 3]');
    expectOp('gatherAlong', [x, ['i32[2 2]', [2, 0, 1, 1]]], ['i32[2 2]', [2, 0, 4, 4]], { axis: 1 });
    expectOp('gatherAlong', [x, ['i32[1 3]', [1, 0, 1]]], ['i32[1 3]', [3, 1, 5]], { axis: 0 });
    expectOp('gatherAlong', [x, ['i32[1 2]', [2, 2]]], ['i32[2 2]', [2, 2, 5, 5]], { axis: 1 });
    const rows: Filled = ['i32[2 1 2]', [2, 3, 4, 5]];
    expectOp('gatherAlong', [counted('i32[2 2 2]'), ['i32[2 1 1]', [1, 0]]], rows, { axis: 1 });
    const outside = () => expectOp('gatherAlong', [x, ['i32[2 1]', [0, 3]]], x, { axis: 1 });
    expect(outside).toThrow('y: gatherAlong: index 3 is outside 0 … 2');
  });

  it('argSort', () => {
    const x: Filled = ['f32[2 4]', [3, 1, 3, 2, -1, 5, -1, -1]];
    const all = { axis: 1, descending: false, count: 4 };
    expectOp('argSort', [x], ['i32[2 4]', [1, 3, 0, 2, 0, 2, 3, 1]], all);
    expectOp('argSort', [x], ['i32[2 2]', [0, 2, 1, 0]], { ...all, descending: true, count: 2 });
    expectOp('argSort', [x], ['i32[1 4]', [0, 1, 0, 0]], { axis: 0, descending: true, count: 1 });
    expectOp('argSort', [['i32[3]', [7, -7, 0]]], ['i32[3]', [1, 2, 0]], { axis: 0, descending: false, count: 3 });
    // The inverse of a permutation is the order that sorts it.
    expectOp('argSort', [['i32[4]', [2, 0, 3, 1]]], ['i32[4]', [1, 3, 0, 2]], { ...all, axis: 0 });
  });

  it('states', () => {
    const state = counted('i32[1 2 2]');
    expectOp('append', [state, ['i32[1 1 2]', [8, 9]]], ['i32[1 3 2]', [0, 1, 2, 3, 8, 9]], { axis: 1 });
    expectOp('reset', [state], ['i32[1 0 2]', []], { axis: 1 });
  });

  it('sources', () => {
    expectOp('iota', [], counted('i32[4]'), { size: 4 });
    expectOp('constant', [], ['f16[2]', [0.0999755859375, -2]], { dtype: 'f16', shape: [2], values: [0.1, -2] });
  });
});

describe('reductions and products', () => {
  it('reduce', () => {
    const x: Filled = ['f32[2 3]', [3, -1, 2, 5, 5, -8]];
    const first = { axis: 0, keepDims: false };
    const last = { axis: 1, keepDims: true };
    expectOp('reduceSum', [x], ['f32[3]', [8, 4, -6]], first);
    expectOp('reduceSum', [x], ['f32[2 1]', [4, 2]], last);
    expectOp('reduceMax', [x], ['f32[2 1]', [3, 5]], last);
    expectOp('reduceMean', [x], ['f32[3]', [4, 2, -3]], first);
    expectOp('argMax', [x], ['i32[2 1]', [0, 0]], last);
    expectOp('argMax', [x], ['i32[3]', [1, 1, 0]], first);
    const middle: Filled = ['f32[2 2]', [2, 4, 10, 12]];
    expectOp('reduceSum', [counted('f32[2 2 2]')], middle, { axis: 1, keepDims: false });
  });

  it('pool', () => {
    const x = counted('f32[1 1 3 4]');
    const halves = { size: [2, 2], stride: [2, 2] };
    expectOp('maxPool2d', [x], ['f32[1 1 1 2]', [5, 7]], halves);
    expectOp('meanPool2d', [x], ['f32[1 1 1 2]', [2.5, 4.5]], halves);
    const columns: Filled = ['f32[1 1 1 4]', [8, 9, 10, 11]];
    expectOp('maxPool2d', [x], columns, { size: [3, 1], stride: [1, 1] });
    expectOp('meanPool2d', [x], ['f32[1 1 3 2]', [1, 2, 5, 6, 9, 10]], { size: [1, 3], stride: [1, 1] });
  });

  it('reduce nothing', () => {
    expectOp('reduceSum', [['f32[2 0]', []]], ['f32[2]', [0, 0]], { axis: 1, keepDims: false });
    expectOp('reduceMax', [['f32[0]', []]], ['f32[1]', [-Infinity]], { axis: 0, keepDims: true });
  });

  it('cumSum', () => {
    expectOp('cumSum', [counted('i32[2 3]')], ['i32[2 3]', [0, 1, 3, 3, 7, 12]], { axis: 1 });
    expectOp('cumSum', [counted('f32[2 3]')], ['f32[2 3]', [0, 1, 2, 3, 5, 7]], { axis: 0 });
    const middle: Filled = ['f32[2 2 2]', [0, 1, 2, 4, 4, 5, 10, 12]];
    expectOp('cumSum', [counted('f32[2 2 2]')], middle, { axis: 1 });
    expectOp('cumSum', [['f32[3]', [2 ** 24, 1, 1]]], ['f32[3]', [2 ** 24, 2 ** 24, 2 ** 24 + 2]], { axis: 0 });
  });

  it('matmul', () => {
    expectOp('matmul', [counted('f32[2 3]'), counted('f32[3 2]')], ['f32[2 2]', [10, 13, 28, 40]]);
    const batched: Filled = ['f32[2 1 2]', [2, 3, 6, 11]];
    expectOp('matmul', [counted('f32[2 1 2]'), counted('f32[1 2 2]')], batched);
    expectOp('matmul', [['f32[1 0]', []], ['f32[0 2]', []]], ['f32[1 2]', [0, 0]]); // biome-ignore format: a row
  });

  it('sums in float64', () => {
    expectOp('reduceSum', [['f32[3]', [2 ** 24, 1, 1]]], ['f32[]', [2 ** 24 + 2]], { axis: 0, keepDims: false });
    const ones: Filled = ['f32[3 1]', [1, 1, 1]];
    expectOp('matmul', [['f32[1 3]', [2 ** 24, 1, 1]], ones], ['f32[1 1]', [2 ** 24 + 2]]);
  });
});
