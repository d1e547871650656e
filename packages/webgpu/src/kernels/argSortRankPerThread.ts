import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

export interface ArgSortSite {
  readonly x: Operand;
  /** As long along the axis as indices are wanted. */
  readonly y: Operand;
  readonly axis: number;
  readonly descending: boolean;
}

/**
 * y = indices that sort x along an axis: each thread counts how many elements of its run come before its own, which is
 * its place. Stable, and quadratic in the length of a run; x has no NaN.
 */
export function argSortRankPerThread({ x, y, axis, descending }: ArgSortSite): KernelCall {
  const kernel = new KernelBuilder(
    'argSortRankPerThread',
    `y = indices of x in ${descending ? 'descending' : 'ascending'} order along axis ${axis}, one thread per element of x.`,
  );
  const { outer, size, inner } = splitAt(x.type.shape, axis);
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const [count, stride, wanted] = [wgslSize(size), wgslSize(inner), wgslSize(y.type.shape[axis] ?? 1)];
  return kernel.perThread(
    [outer, size, inner],
    [
      `let own = i / ${stride} % ${count};`,
      `let run = i / (${stride} * ${count});`,
      `let start = run * ${count} * ${stride} + i % ${stride};`,
      `let value = ${load('i')};`,
      'var rank = 0u;',
      `for (var j = 0u; j < ${count}; j++) {`,
      `  let other = ${load(`start + j * ${stride}`)};`,
      `  if (other ${descending ? '>' : '<'} value || (other == value && j < own)) {`,
      '    rank++;',
      '  }',
      '}',
      `if (rank < ${wanted}) {`,
      `  ${store(`(run * ${wanted} + rank) * ${stride} + i % ${stride}`, 'i32(own)')}`,
      '}',
    ],
  );
}
