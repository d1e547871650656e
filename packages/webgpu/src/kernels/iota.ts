import type { Operand } from '../operand.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** y = 0, 1, 2, … */
export function iota(y: Operand): KernelCall {
  const kernel = new KernelBuilder('iota', 'y = 0, 1, 2, …');
  const store = kernel.write('y', y);
  return kernel.perThread(y.type.shape, [store('i', 'i32(i)')]);
}
