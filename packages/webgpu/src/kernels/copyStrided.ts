import type { Dim } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** How result axis i walks through x: by which stride, and where it starts. In elements. */
export interface CopyPlan {
  readonly strides: readonly Dim[];
  readonly start: Dim;
}

/** y = elements of x picked by strides: transpose, slice, broadcast, or closing the gaps of a state. */
export function copyStrided(x: Operand, y: Operand, { strides, start }: CopyPlan): KernelCall {
  const kernel = new KernelBuilder('copyStrided', 'Elements of x in another order, one thread per element of y.');
  const load = kernel.read('x', x);
  const store = kernel.write('y', y);
  const { define, at } = coordinates('i', y.type.shape);
  const from = flatIndex(at, strides);
  const index = start === 0 ? from : `${wgslSize(start)} + ${from}`;
  return kernel.perThread(y.type.shape, [...define, store('i', load(index))]);
}

/** The copy that makes `x` dense. */
export function closeGaps(x: Operand, y: Operand): KernelCall {
  return copyStrided(x, y, { strides: stridesOf(x), start: 0 });
}
