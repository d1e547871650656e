import { expect, test } from 'vitest';
import { batchImages } from './batchImages.ts';
import { type Onnx, tensorOf, valueInfoOf } from './onnxModel.ts';

const f32 = (name: string, ...shape: (number | string)[]) => valueInfoOf({ name, elementType: 1, shape });
const ints = (name: string, ...numbers: number[]): Onnx.ITensorProto => {
  return { name, dataType: 7, dims: [numbers.length], int64Data: numbers };
};

/** A model of one node, from x [patches, 8] and places [2, 1, patches] to y. */
function modelOf(
  node: Onnx.INodeProto,
  shape: (number | string)[],
  initializer: Onnx.ITensorProto[],
): Onnx.IModelProto {
  const input = [f32('x', 'patches', 8), f32('places', 2, 1, 'patches')];
  return { graph: { input, output: [f32('y', ...shape)], node: [{ output: ['y'], ...node }], initializer } };
}

const vector = { name: 'v', dataType: 1, dims: [8] };
const matrix = { name: 'w', dataType: 1, dims: [8, 8] };
const reshape = (input: string, ...sizes: number[]) =>
  [{ opType: 'Reshape', input: [input, 's'] }, ints('s', ...sizes)] as const;

test.each([
  ['an op by element', { opType: 'Add', input: ['x', 'v'] }, vector, ['images', 'patches', 8]],
  ['a product', { opType: 'MatMul', input: ['x', 'w'] }, matrix, ['images', 'patches', 8]],
  ['a batch of one', ...reshape('x', 1, -1, 8), ['images', 'patches', 8], [1, 'patches', 8]],
  ['a shape without a batch', ...reshape('x', -1, 16), ['images', 'patches', 8]],
] as const)('widens %s', (_, node, constant, wide, narrow: readonly (number | string)[] = ['patches', 8]) => {
  const { graph } = batchImages(modelOf({ ...node, input: [...node.input] }, [...narrow], [constant])) ?? {};
  expect((graph?.input ?? []).map((info) => tensorOf(info).shape)).toEqual([
    ['images', 'patches', 8],
    ['images', 2, 'patches'],
  ]);
  expect((graph?.output ?? []).map((info) => tensorOf(info).shape)).toEqual([wide]);
});

test.each([
  ['a sum over everything', { opType: 'ReduceSum', input: ['x'] }, vector],
  ['a matrix added to rows', { opType: 'Add', input: ['x', 'w'] }, matrix],
  ['rows by columns of the same image', { opType: 'MatMul', input: ['x', 'x'] }, vector],
  ['rows and columns in one list', ...reshape('places', 1, -1)],
  ['sizes copied from other places', ...reshape('x', 0, 2, 4)],
] as const)('declines %s', (_, node, constant) => {
  expect(batchImages(modelOf({ ...node, input: [...node.input] }, ['patches', 8], [constant]))).toBeUndefined();
});
