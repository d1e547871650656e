import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { storageInfo } from '../storage.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';

export type Reduction = 'reduceSum' | 'reduceMean' | 'reduceMax' | 'reduceMin' | 'argMax' | 'argMin';

export interface ReduceSite {
  readonly reduction: Reduction;
  readonly x: Operand;
  readonly y: Operand;
  readonly axis: number;
}

/** Each run of x along an axis becomes one element of y; one thread per run. */
export function reduceRunPerThread({ reduction, x, y, axis }: ReduceSite): KernelCall {
  const kernel = new KernelBuilder(
    'reduceRunPerThread',
    `y = ${reduction} of x along axis ${axis}, one thread per element of y.`,
  );
  const { outer, size, inner } = splitAt(x.type.shape, axis);
  const count = wgslSize(size);
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const start =
    inner === 1
      ? `i * ${count}`
      : `i / ${wgslSize(inner)} * ${wgslSize(size)} * ${wgslSize(inner)} + i % ${wgslSize(inner)}`;
  const { walk, result, sign = '' } = RULES[reduction];
  const at = (j: string) => sign + load(inner === 1 ? `start + ${j}` : `start + ${j} * ${wgslSize(inner)}`);
  if (walk !== sumOf) kernel.helper(NEGATIVE_INFINITY);
  const { register } = storageInfo(x.storage);
  const zero = register === 'f32' ? '0.0' : '0';
  return kernel.perThread(
    [outer, inner],
    [`let start = ${start};`, ...walk(count, at, zero), store('i', result(count))],
  );
}

interface Rule {
  /** Statements that walk over the run. */
  readonly walk: (count: string, at: (j: string) => string, zero: string) => string[];
  readonly result: (count: string) => string;
  /** A minimum is the maximum of what is negated. */
  readonly sign?: '-';
}

const RULES: Record<Reduction, Rule> = {
  reduceSum: { walk: sumOf, result: () => 'total' },
  reduceMean: { walk: sumOf, result: (count) => `total / f32(${count})` },
  reduceMax: { walk: largest, result: () => 'best' },
  reduceMin: { walk: largest, result: () => '-best', sign: '-' },
  argMax: { walk: indexOfLargest, result: () => 'bestAt' },
  argMin: { walk: indexOfLargest, result: () => 'bestAt', sign: '-' },
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
