import type { PoolAttrs } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';

export type Pooling = 'max' | 'mean';

/** y = the maximum or mean of each window of x [batch channels height width], one thread per element of y. */
export function pool2dElementPerThread(pooling: Pooling, x: Operand, y: Operand, attrs: PoolAttrs): KernelCall {
  const [height = 1, width = 1] = attrs.size;
  const kernel = new KernelBuilder(
    'pool2dElementPerThread',
    `y = ${pooling} of windows of ${height}×${width} of x, stride ${attrs.stride}, one thread per element of y.`,
  );
  if (pooling === 'max') kernel.helper(NEGATIVE_INFINITY);
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const { define, at } = coordinates('i', y.type.shape, ['batch', 'channel', 'row', 'column']);
  const [batch = '0u', channel = '0u', row = '0u', column = '0u'] = at;
  const start = flatIndex(
    [batch, channel, `(${row} * ${attrs.stride[0]}u)`, `(${column} * ${attrs.stride[1]}u)`],
    stridesOf(x),
  );
  const element = load(`start + ky * ${wgslSize(stridesOf(x)[2] ?? 1)} + kx`);
  return kernel.perThread(y.type.shape, [
    ...define,
    `let start = ${start};`,
    `var result = ${pooling === 'max' ? 'negativeInfinity()' : '0.0'};`,
    `for (var ky = 0u; ky < ${height}u; ky++) {`,
    `  for (var kx = 0u; kx < ${width}u; kx++) {`,
    `    result = ${pooling === 'max' ? `max(result, ${element})` : `result + ${element}`};`,
    '  }',
    '}',
    store('i', pooling === 'max' ? 'result' : `result / ${height * width}.0`),
  ]);
}
