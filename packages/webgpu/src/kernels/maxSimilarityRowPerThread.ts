import type { Operand } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';

export interface MaxSimilaritySite {
  /** [a m d]. */
  readonly x: Operand;
  /** [b n d]. */
  readonly y: Operand;
  /** Bool [b n]. */
  readonly keep: Operand | undefined;
  /** [a b m]. */
  readonly z: Operand;
}

/** z = the largest product of a row of x with a row of y, one thread per row of x and matrix of y. */
export function maxSimilarityRowPerThread({ x, y, keep, z }: MaxSimilaritySite): KernelCall {
  const kernel = new KernelBuilder(
    'maxSimilarityRowPerThread',
    `z = the largest product of a row of x with a row of y${keep ? ' that is kept' : ''}, one thread per element of z.`,
  );
  kernel.helper(NEGATIVE_INFINITY);
  const [loadX, loadY] = [kernel.read('x', x), kernel.read('y', y)];
  const loadKeep = keep && kernel.read('keep', keep);
  const store = kernel.write('z', z);
  const [, n = 1, d = 1] = y.type.shape;
  const { define, at } = coordinates('i', z.type.shape, ['a', 'b', 'row']);
  const [a = '0u', b = '0u', row = '0u'] = at;
  const m = x.type.shape[1] ?? 1;
  return kernel.perThread(z.type.shape, [
    ...define,
    `let own = (${flatIndex([a, row], [m, 1])}) * ${wgslSize(d)};`,
    'var best = negativeInfinity();',
    `for (var j = 0u; j < ${wgslSize(n)}; j++) {`,
    `  let other = ${flatIndex([b, 'j'], [n, 1])};`,
    ...(loadKeep ? [`  if (${loadKeep('other')} == 0u) {`, '    continue;', '  }'] : []),
    '  var product = 0.0;',
    `  for (var k = 0u; k < ${wgslSize(d)}; k++) {`,
    `    product += ${loadX('own + k')} * ${loadY(`other * ${wgslSize(d)} + k`)};`,
    '  }',
    '  best = max(best, product);',
    '}',
    store('i', 'best'),
  ]);
}
