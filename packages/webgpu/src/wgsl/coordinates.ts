import { type Dim, productDims } from '@casement/ir';
import { wgslSize } from '../size.ts';

/** Coordinates of a flat index, as WGSL: statements that define them, and the names to use. */
export interface Coordinates {
  readonly define: readonly string[];
  readonly at: readonly string[];
}

/** Splits `index` by a row-major shape into `c0`, `c1`, … or the names given. Axes of size 1 need no name. */
export function coordinates(index: string, shape: readonly Dim[], names: readonly string[] = []): Coordinates {
  const define: string[] = [];
  const first = shape.findIndex((size) => size !== 1);
  const at = shape.map((size, axis) => {
    if (size === 1) return '0u';
    const inner = productDims(shape.slice(axis + 1));
    const moved = inner === 1 ? index : `${index} / ${wgslSize(inner)}`;
    const wrapped = axis === first ? moved : `${inner === 1 ? moved : `(${moved})`} % ${wgslSize(size)}`;
    const name = names[axis] ?? `c${axis}`;
    define.push(`let ${name} = ${wrapped};`);
    return name;
  });
  return { define, at };
}

/** The flat index of coordinates under strides; coordinates that are zero are left out. */
export function flatIndex(at: readonly string[], strides: readonly Dim[]): string {
  const terms = at.flatMap((coordinate, axis) => {
    const stride = strides[axis] ?? 0;
    if (coordinate === '0u' || stride === 0) return [];
    return [stride === 1 ? coordinate : `${coordinate} * ${wgslSize(stride)}`];
  });
  return terms.length > 0 ? terms.join(' + ') : '0u';
}

/** The flat index at coordinates of a tensor whose axes of size 1 hold for every coordinate. */
export function stretchedIndex(at: readonly string[], shape: readonly Dim[], strides: readonly Dim[]): string {
  const own = at.map((coordinate, axis) => (shape[axis] === 1 ? '0u' : coordinate));
  return flatIndex(own, strides);
}

/** Lines moved to the right by two spaces per level. */
export function indent(lines: readonly string[], levels = 1): string {
  return lines
    .flatMap((line) => line.split('\n'))
    .map((line) => (line === '' ? line : '  '.repeat(levels) + line))
    .join('\n');
}
