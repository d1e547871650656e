import { splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { groupReduce, ROW_THREADS, rowTiling } from '../wgsl/groupReduce.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';
import type { ReduceSite, Reduction } from './reduceRunPerThread.ts';

/** Each run of floats along the last axis becomes one element of y; one workgroup per run of less than 2^24. */
export function reduceRunPerGroup({ reduction, x, y, axis }: ReduceSite): KernelCall {
  const kernel = new KernelBuilder(
    'reduceRunPerGroup',
    `y = ${reduction} of x along its last axis, one workgroup per run.`,
  );
  const { outer, size } = splitAt(x.type.shape, axis);
  const count = wgslSize(size);
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const { sign = '', result, at } = RULES[reduction];
  const isSum = at === 'total';
  kernel.helper(groupReduce(isSum ? 'Sum' : 'Max'));
  if (!isSum) kernel.helper(NEGATIVE_INFINITY);
  const value = `${sign}${load(`tile * ${count} + j`)}`;
  const walk = (lines: readonly string[]) => [
    `for (var j = lane; j < ${count}; j += ${ROW_THREADS}u) {`,
    ...lines,
    '}',
  ];
  return kernel.perTile(rowTiling(outer), [
    `var own = ${isSum ? '0.0' : 'negativeInfinity()'};`,
    ...(at === 'index' ? [`var first = ${count};`] : []),
    ...walk(
      isSum
        ? [`  own += ${value};`]
        : at === 'index'
          ? [`  let value = ${value};`, '  if (value > own) {', '    own = value;', '    first = j;', '  }']
          : [`  own = max(own, ${value});`],
    ),
    `let all = group${isSum ? 'Sum' : 'Max'}(own, lane);`,
    // Of equal ones the first; runs in which nothing is larger than -∞ begin with it.
    ...(at === 'index'
      ? [
          `let best = -groupMax(-f32(select(${count}, first, own == all)), lane);`,
          `let bestAt = select(i32(best), 0, best >= f32(${count}));`,
        ]
      : []),
    'if (lane == 0u) {',
    `  ${store('tile', result(count))}`,
    '}',
  ]);
}

interface Rule {
  readonly at: 'total' | 'best' | 'index';
  readonly result: (count: string) => string;
  /** A minimum is the maximum of what is negated. */
  readonly sign?: '-';
}

const RULES: Record<Reduction, Rule> = {
  reduceSum: { at: 'total', result: () => 'all' },
  reduceMean: { at: 'total', result: (count) => `all / f32(${count})` },
  reduceMax: { at: 'best', result: () => 'all' },
  reduceMin: { at: 'best', result: () => '-all', sign: '-' },
  argMax: { at: 'index', result: () => 'bestAt' },
  argMin: { at: 'index', result: () => 'bestAt', sign: '-' },
};
