import { nearest, type Place } from '@casement/ir';
import type { Dim, Shape } from './shape.ts';
import { type Tensor, traced } from './tensor.ts';

/** The index of an axis given by the name of its dim or counted from the end. Throws ModelError when there is none. */
export function axisIndex(name: string, x: Tensor, axis: Dim, place: Place | undefined): number {
  const fail = (problem: string) => x[traced].tracer.error(`${name}: ${problem}`, place);
  const shape = `[${x.shape.join(' ')}]`;
  if (typeof axis === 'number' && axis < 0) {
    if (-axis <= x.shape.length) return axis + x.shape.length;
    throw fail(`axis ${axis} does not exist in ${shape}`);
  }
  const at = x.shape.indexOf(axis);
  if (at < 0) throw fail(`there is no dim "${axis}" in ${shape}${nearest(String(axis), x.shape.map(String))}`);
  if (x.shape.lastIndexOf(axis) !== at) throw fail(`dim "${axis}" is there twice in ${shape}; count from the end: -1`);
  return at;
}

/** `shape` with `dims` in place of the axis `at`. */
export function replaceAxis(shape: Shape, at: number, dims: Shape): Shape {
  return [...shape.slice(0, at), ...dims, ...shape.slice(at + 1)];
}
