import { sameShape } from '@casement/ir';
import { isDense, type Operand, stridesOf } from '../operand.ts';
import { coordinates, flatIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** What is computed from operands a, b, c at one place. */
export interface Expression {
  /** The op's name, for the header. */
  readonly name: string;
  /** WGSL expression over the names a, b, c. */
  readonly text: string;
  /** WGSL functions that the text calls. */
  readonly helpers?: readonly string[];
}

const NAMES = ['a', 'b', 'c'];

/** y = expression of operands that broadcast to y's shape; one thread per element. */
export function elementwise(
  { name, text, helpers = [] }: Expression,
  inputs: readonly Operand[],
  y: Operand,
): KernelCall {
  const kernel = new KernelBuilder(name, `y = ${text}, one thread per element.`);
  for (const helper of helpers) kernel.helper(helper);
  const { shape } = y.type;
  const { define, at } = coordinates('i', shape);
  const loads = inputs.map((input, which) => {
    const load = kernel.read(`${NAMES[which]}_in`, input);
    if (isDense(input) && sameShape(input.type.shape, shape)) return { text: load('i'), flat: true };
    const strides = stridesOf(input);
    const own = input.type.shape.map((size, axis) => (size === 1 ? '0u' : at[axis + shape.length - strides.length]));
    const index = flatIndex(
      own.map((coordinate) => coordinate ?? '0u'),
      strides,
    );
    return { text: load(index), flat: index === '0u' };
  });
  const lets = loads.map((load, which) => `let ${NAMES[which]} = ${load.text};`);
  const store = kernel.write('y', y);
  const needed = loads.every(({ flat }) => flat) ? [] : define;
  return kernel.perThread(shape, [...needed, ...lets, store('i', text)]);
}
