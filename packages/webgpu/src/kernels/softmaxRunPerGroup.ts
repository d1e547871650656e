import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { groupReduce, ROW_THREADS, rowTiling } from '../wgsl/groupReduce.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** y = e^x / Σ e^x along the last axis, shifted by the maximum; one workgroup per run. */
export function softmaxRunPerGroup(x: Operand, y: Operand): KernelCall {
  const kernel = new KernelBuilder(
    'softmaxRunPerGroup',
    'y = softmax of x along its last axis, one workgroup per run.',
  );
  const { outer, size } = splitAt(x.type.shape, x.type.shape.length - 1);
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  kernel.helper(groupReduce('Max')).helper(groupReduce('Sum'));
  const walk = `for (var j = lane; j < ${wgslSize(size)}; j += ${ROW_THREADS}u) {`;
  const weight = `exp(max(${load('start + j')} - top, -80.0))`;
  return kernel.perTile(rowTiling(outer), [
    `let start = tile * ${wgslSize(size)};`,
    'var own = -3.0e38;',
    walk,
    `  own = max(own, ${load('start + j')});`,
    '}',
    'let top = groupMax(own, lane);',
    'var part = 0.0;',
    walk,
    `  part += ${weight};`,
    '}',
    'let total = groupSum(part, lane);',
    walk,
    `  ${store('start + j', `${weight} / total`)}`,
    '}',
  ]);
}
