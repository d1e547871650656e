import { countOf, type Operand } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** Elements that one thread counts. */
export const COUNT_BLOCK = 64;

/**
 * A prefix sum in two levels without barriers: count the true elements of each block, then let each element add up the
 * blocks before its own and the elements before it in its block.
 */

/** counts = how many elements of each block of `keep` are true, one thread per block. */
export function countPerBlock(keep: Operand, counts: Operand): KernelCall {
  const kernel = new KernelBuilder(
    'countPerBlock',
    `counts = how many of ${COUNT_BLOCK} elements of keep are true, one thread per block.`,
  );
  const load = kernel.read('keep', keep);
  const store = kernel.write('counts', counts);
  return kernel.perThread(counts.type.shape, [
    'var total = 0;',
    `for (var j = i * ${COUNT_BLOCK}u; j < min((i + 1u) * ${COUNT_BLOCK}u, ${wgslSize(countOf(keep))}); j++) {`,
    `  total += i32(${load('j')});`,
    '}',
    store('i', 'total'),
  ]);
}

/** The dim = the sum of the counts; later kernels see it. One thread. */
export function totalIntoDim(counts: Operand, dim: string): KernelCall {
  const kernel = new KernelBuilder('totalIntoDim', `The dim ${dim} = the sum of counts, one thread.`);
  const load = kernel.read('counts', counts);
  const store = kernel.writeDim(dim);
  return kernel.perThread(
    [1],
    [
      'var total = 0;',
      `for (var j = 0u; j < ${wgslSize(countOf(counts))}; j++) {`,
      `  total += ${load('j')};`,
      '}',
      store('u32(total)'),
    ],
  );
}

/** y = the indices of the true elements of `keep`, one thread per element of keep. */
export function indicesOfTrue(keep: Operand, counts: Operand, y: Operand): KernelCall {
  const kernel = new KernelBuilder(
    'indicesOfTrue',
    'y = indices of the true elements of keep, by the counts of their blocks, one thread per element of keep.',
  );
  const load = kernel.read('keep', keep);
  const loadCount = kernel.read('counts', counts);
  const store = kernel.write('y', y);
  return kernel.perThread(
    [countOf(keep)],
    [
      `if (${load('i')} == 0u) {`,
      '  return;',
      '}',
      'var place = 0;',
      `for (var block = 0u; block < i / ${COUNT_BLOCK}u; block++) {`,
      `  place += ${loadCount('block')};`,
      '}',
      `for (var j = i / ${COUNT_BLOCK}u * ${COUNT_BLOCK}u; j < i; j++) {`,
      `  place += i32(${load('j')});`,
      '}',
      store('u32(place)', 'i32(i)'),
    ],
  );
}
