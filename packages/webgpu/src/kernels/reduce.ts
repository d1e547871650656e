import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { storageInfo } from '../storage.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';

export type Reduction = 'reduceSum' | 'reduceMean' | 'reduceMax' | 'argMax';

/** Each run of x along an axis becomes one element of y; one thread per run. */
export function reduce(reduction: Reduction, x: Operand, y: Operand, axis: number): KernelCall {
  const kernel = new KernelBuilder(reduction, `y = ${reduction} of x along axis ${axis}, one thread per element of y.`);
  const { outer, size, inner } = splitAt(x.type.shape, axis);
  const count = wgslSize(size);
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const start =
    inner === 1
      ? `i * ${count}`
      : `i / ${wgslSize(inner)} * ${wgslSize(size)} * ${wgslSize(inner)} + i % ${wgslSize(inner)}`;
  const at = (j: string) => load(inner === 1 ? `start + ${j}` : `start + ${j} * ${wgslSize(inner)}`);
  if (reduction === 'reduceMax' || reduction === 'argMax') kernel.helper(NEGATIVE_INFINITY);
  const { register } = storageInfo(x.storage);
  const zero = register === 'f32' ? '0.0' : '0';
  return kernel.perThread(
    [outer, inner],
    [
      `let start = ${start};`,
      ...(reduction === 'reduceMax'
        ? largest(count, at)
        : reduction === 'argMax'
          ? indexOfLargest(count, at)
          : sumOf(count, at, zero)),
      store('i', RESULTS[reduction](count)),
    ],
  );
}

const RESULTS: Record<Reduction, (count: string) => string> = {
  reduceSum: () => 'total',
  reduceMean: (count) => `total / f32(${count})`,
  reduceMax: () => 'best',
  argMax: () => 'bestAt',
};

/** Adds in blocks, so that the rounding error grows with the block's length and not with the run's. */
export function sumOf(count: string, term: (j: string) => string, zero = '0.0'): string[] {
  return [
    `var total = ${zero};`,
    `for (var block = 0u; block < ${count}; block += 32u) {`,
    `  var part = ${zero};`,
    `  for (var j = block; j < min(block + 32u, ${count}); j++) {`,
    `    part += ${term('j')};`,
    '  }',
    '  total += part;',
    '}',
  ];
}

function largest(count: string, at: (j: string) => string): string[] {
  return [
    'var best = negativeInfinity();',
    `for (var j = 0u; j < ${count}; j++) {`,
    `  best = max(best, ${at('j')});`,
    '}',
  ];
}

/** The first of equal ones. */
function indexOfLargest(count: string, at: (j: string) => string): string[] {
  return [
    'var best = negativeInfinity();',
    'var bestAt = 0;',
    `for (var j = 0u; j < ${count}; j++) {`,
    `  let value = ${at('j')};`,
    '  if (value > best) {',
    '    best = value;',
    '    bestAt = i32(j);',
    '  }',
    '}',
  ];
}
