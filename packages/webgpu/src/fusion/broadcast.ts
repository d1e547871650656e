import { type Dim, productDims, sameDim } from '@casement/ir';

/**
 * The index into an operand for an element of a result that it broadcasts to, given as WGSL; undefined when that is
 * neither the element itself, nor one for all, nor one for runs of them of fixed size, nor the same run of fixed size
 * again and again.
 */
export function operandIndex(own: readonly Dim[], result: readonly Dim[], element: string): string | undefined {
  const count = productDims(own);
  if (sameDim(count, productDims(result))) return element;
  if (count === 1) return '0u';
  const padded = result.map((_, axis) => own[axis - result.length + own.length] ?? 1);
  const equal = padded.map((size, axis) => sameDim(size, result[axis] ?? 1));
  const start = padded.findIndex((size) => size !== 1);
  const end = padded.findLastIndex((size) => size !== 1);
  if (equal.slice(start).every(Boolean)) return typeof count === 'number' ? `(${element} % ${count}u)` : undefined;
  const before = result.slice(0, start).every((size) => size === 1);
  const run = productDims(result.slice(end + 1));
  if (before && equal.slice(start, end + 1).every(Boolean) && typeof run === 'number') return `(${element} / ${run}u)`;
  return undefined;
}
