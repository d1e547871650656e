import { type Dim, ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { type MatmulSite, matmulElementPerThread } from '../kernels/matmulElementPerThread.ts';
import { matmulSharedTiles } from '../kernels/matmulSharedTiles.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const matmulKernels: readonly Candidate<MatmulSite>[] = [
  {
    kernel: 'matmulSharedTiles',
    rule: 'matrices of at least 16 rows and columns, on GPUs',
    when: ({ a, y }, { kind }) => kind === 'gpu' && [...y.type.shape.slice(-2), a.type.shape.at(-1)].every(fillsTiles),
    build: matmulSharedTiles,
  },
  {
    kernel: 'matmulElementPerThread',
    rule: 'no barriers, or small matrices',
    when: always,
    build: matmulElementPerThread,
  },
];

/** Sizes that are not known may be large. */
export function fillsTiles(size: Dim | undefined): boolean {
  return typeof size !== 'number' || size >= 16;
}

export const matmul = lowerOp(ops.matmul, (node, context) => {
  const [a, b] = [context.stored(inputOf(node, 0)), context.stored(inputOf(node, 1))];
  context.run(choose(matmulKernels, { a, b, y: context.result(resultOf(node)) }, context.profile));
});
