import type { Dim } from './dim.ts';
import { arity, axisOf, inputAt } from './infer.ts';
import type { CoreOp } from './op.ts';
import { type HostTensor, makeTensor, stridesOf } from './tensor.ts';
import type { TensorType } from './types.ts';

/** The reduced axis; it stays with size 1 when `keepDims` is true. */
export type ReduceAttrs = { readonly axis: number; readonly keepDims: boolean };

interface ReduceOptions {
  readonly allow: (type: TensorType) => void;
  readonly result?: TensorType['dtype'];
  /** Whether an axis of size 0 has a result. */
  readonly emptySample: boolean;
}

/** An op that turns each run of elements along one axis into one number. */
export function reduceOp<const N extends string>(
  name: N,
  summary: string,
  reduce: (run: Iterable<number>) => number,
  { allow, result, emptySample }: ReduceOptions,
): CoreOp<ReduceAttrs> & { readonly name: N } {
  return {
    kind: 'core',
    name,
    summary,
    infer(inputs, attrs) {
      arity(inputs, 1);
      const x = inputAt(inputs, 0);
      allow(x);
      return [{ dtype: result ?? x.dtype, shape: reducedShape(x, attrs) }];
    },
    reference(inputs, { axis }, outputs) {
      const x = inputAt(inputs, 0);
      const { dtype, shape } = inputAt(outputs, 0);
      const run = runAlong(x, axisOf(axis, x.shape.length));
      return [makeTensor(dtype, shape, (i) => reduce(run(i)))];
    },
    samples: [
      { name: 'last axis', inputs: [{ type: 'f32[2 3 5]' }], attrs: { axis: -1, keepDims: true } },
      { name: 'first axis', inputs: [{ type: 'f32[4 3]' }], attrs: { axis: 0, keepDims: false } },
      ...(emptySample
        ? [{ name: 'empty axis', inputs: [{ type: 'f32[3 0]' }], attrs: { axis: 1, keepDims: false } }]
        : []),
    ],
  };
}

/** The shape of x without the reduced axis, or with 1 in its place. */
export function reducedShape({ shape }: TensorType, { axis, keepDims }: ReduceAttrs): readonly Dim[] {
  const at = axisOf(axis, shape.length);
  return keepDims ? shape.map((dim, i) => (i === at ? 1 : dim)) : shape.filter((_, i) => i !== at);
}

/** The elements of `x` along `axis` that reduce to result element `i`. */
function runAlong(x: HostTensor, axis: number): (index: number) => Iterable<number> {
  const inner = stridesOf(x.shape)[axis] ?? 1;
  const size = x.shape[axis] ?? 0;
  return function* (index) {
    const start = Math.floor(index / inner) * size * inner + (index % inner);
    for (let i = 0; i < size; i++) yield x.data[start + i * inner] ?? 0;
  };
}
