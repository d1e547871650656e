import type { Operand } from '../operand.ts';
import type { KernelBuilder } from './kernelBuilder.ts';

/**
 * Binds rows of a fixed number of elements for reading four at a time, as `name`: the result writes the read of elements
 * 4·quad … 4·quad + 3 of a row, a vec4f. Behind the end of a row there are zeros.
 */
export function readRows(kernel: KernelBuilder, name: string, operand: Operand): (row: string, quad: string) => string {
  const columns = Number(operand.type.shape.at(-1)); // NaN for a symbolic size, refused here
  if (!Number.isInteger(columns))
    throw new RangeError(`rows of ${operand.type.shape.at(-1)} elements have no fixed end`);
  if (columns % 4 === 0) {
    const load = kernel.read(name, operand, 4);
    kernel.helper(`
fn ${name}_quad(row: u32, quad: u32) -> vec4f {
  return select(vec4f(), ${load(`row * ${columns / 4}u + quad`)}, quad < ${columns / 4}u);
}`);
  } else {
    const load = kernel.read(name, operand);
    const lanes = [0, 1, 2, 3].map((lane) => load(lane === 0 ? 'at' : `at + ${lane}u`));
    kernel.helper(`
fn ${name}_quad(row: u32, quad: u32) -> vec4f {
  let at = row * ${columns}u + 4u * quad;
  let inside = vec4u(0u, 1u, 2u, 3u) + 4u * quad < vec4u(${columns}u);
  return select(vec4f(), vec4f(${lanes.join(', ')}), inside);
}`);
  }
  return (row, quad) => `${name}_quad(${row}, ${quad})`;
}
