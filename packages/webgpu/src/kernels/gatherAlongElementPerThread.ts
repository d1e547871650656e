import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex, stretchedIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** y = elements of x along an axis, picked by indices of their own. Indices outside x count as its ends. */
export function gatherAlongElementPerThread(x: Operand, indices: Operand, y: Operand, axis: number): KernelCall {
  const kernel = new KernelBuilder(
    'gatherAlongElementPerThread',
    `y = elements of x along axis ${axis}, picked by indices of each run, one thread per element of y.`,
  );
  const load = kernel.read('x', x);
  const loadIndex = kernel.read('indices', indices);
  const store = kernel.write('y', y);
  const { define, at } = coordinates('i', y.type.shape);
  const last = `${wgslSize(x.type.shape[axis] ?? 1)} - 1u`;
  const source = at.map((coordinate, i) => (i === axis ? 'picked' : coordinate));
  return kernel.perThread(y.type.shape, [
    ...define,
    `let picked = min(u32(max(${loadIndex(stretchedIndex(at, indices.type.shape, stridesOf(indices)))}, 0)), ${last});`,
    store('i', load(flatIndex(source, stridesOf(x)))),
  ]);
}
