import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { sumOf } from './reduceRunPerThread.ts';

export interface MatmulSite {
  /** [… m k]. */
  readonly a: Operand;
  /** [… k n]. */
  readonly b: Operand;
  readonly y: Operand;
}

/** y = a·b with broadcast leading axes, one thread per element of y. Any strides. */
export function matmulElementPerThread({ a, b, y }: MatmulSite): KernelCall {
  const kernel = new KernelBuilder('matmulElementPerThread', 'y = a·b, one thread per element of y.');
  const loadA = kernel.read('a', a);
  const loadB = kernel.read('b', b);
  const store = kernel.write('y', y);
  const { define, at } = coordinates('i', y.type.shape);
  const [strideA, strideB] = [stridesOf(a).at(-1) ?? 1, stridesOf(b).at(-2) ?? 1];
  const term = (j: string) =>
    `${loadA(`fromA + ${j} * ${wgslSize(strideA)}`)} * ${loadB(`fromB + ${j} * ${wgslSize(strideB)}`)}`;
  return kernel.perThread(y.type.shape, [
    ...define,
    `let fromA = ${startOf(a, at, a.type.shape.length - 1)};`,
    `let fromB = ${startOf(b, at, b.type.shape.length - 2)};`,
    ...sumOf(wgslSize(a.type.shape.at(-1) ?? 1), term),
    store('i', 'total'),
  ]);
}

/** Index of the first element that `operand` adds to the result at `at`; its axis `inner` is the one summed over. */
function startOf(operand: Operand, at: readonly string[], inner: number): string {
  const { shape } = operand.type;
  const own = shape.map((size, axis) => (axis === inner || size === 1 ? '0u' : at[axis + at.length - shape.length]));
  return flatIndex(
    own.map((coordinate) => coordinate ?? '0u'),
    stridesOf(operand),
  );
}
