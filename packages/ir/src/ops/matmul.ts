import { broadcastReader, type NoAttrs } from '../elementwise.ts';
import { arity, broadcastShapes, dimAt, inputAt, requireFloat, requireSameDim, requireSameDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { elementCount, type HostTensor, makeTensor } from '../tensor.ts';
import { printType, type TensorType } from '../types.ts';

export const matmul: CoreOp<NoAttrs> & { readonly name: 'matmul' } = {
  kind: 'core',
  name: 'matmul',
  summary: '[… m k]·[… k n] → [… m n]; leading axes broadcast',
  infer(inputs) {
    arity(inputs, 2);
    const [a, b] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    requireFloat(a, b);
    requireSameDType(a, b);
    requireMatrix(a);
    requireMatrix(b);
    requireSameDim(dimAt(a.shape, a.shape.length - 1), dimAt(b.shape, b.shape.length - 2), 'the inner sizes');
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const [m, n] = [dimAt(a.shape, a.shape.length - 2), dimAt(b.shape, b.shape.length - 1)];
    return [{ dtype: a.dtype, shape: [...batch, m, n] }];
  },
  reference(inputs, _attrs, outputs) {
    const [a, b] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const { dtype, shape } = inputAt(outputs, 0);
    const [m, n] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
    const k = a.shape.at(-1) ?? 1;
    const batch = shape.slice(0, -2);
    const [matrixOfA, matrixOfB] = [matrixIndex(a, batch), matrixIndex(b, batch)];
    return [
      makeTensor(dtype, shape, (index) => {
        const [matrix, row, column] = [Math.floor(index / (m * n)), Math.floor(index / n) % m, index % n];
        const fromA = (matrixOfA(matrix) * m + row) * k;
        const fromB = matrixOfB(matrix) * k * n + column;
        let sum = 0;
        for (let i = 0; i < k; i++) sum += (a.data[fromA + i] ?? 0) * (b.data[fromB + i * n] ?? 0);
        return sum;
      }),
    ];
  },
  samples: [
    { name: 'matrices', inputs: [{ type: 'f32[3 5]' }, { type: 'f32[5 4]' }], attrs: {} },
    { name: 'batched', inputs: [{ type: 'f32[2 3 4 5]' }, { type: 'f32[2 3 5 2]' }], attrs: {} },
    { name: 'broadcast', inputs: [{ type: 'f32[2 3 4 5]' }, { type: 'f32[2 1 5 2]' }], attrs: {} },
    { name: 'nothing to sum', inputs: [{ type: 'f32[2 0]' }, { type: 'f32[0 3]' }], attrs: {} },
  ],
};

function requireMatrix(type: TensorType): void {
  if (type.shape.length < 2) throw new TypeError(`needs at least two axes, got ${printType(type)}`);
}

/** Which matrix of `input` belongs to matrix `i` of the broadcast batch. */
function matrixIndex(input: HostTensor, batch: readonly number[]): (matrix: number) => number {
  const own = input.shape.slice(0, -2);
  const ids = makeTensor('i32', own, (i) => i);
  return elementCount(own) === 1 ? () => 0 : broadcastReader(ids, batch);
}
