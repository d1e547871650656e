import { type Dim, productDims, sameDim } from '@casement/ir';

/**
 * The index into an operand for element `row` of a result of fixed size that it broadcasts to; undefined when that is
 * neither the element itself, nor one for all, nor one for runs of them, nor the same run again and again.
 */
export function operandIndex(own: readonly Dim[], result: readonly Dim[], row: string): string | undefined {
  const [count, total] = [productDims(own), productDims(result)];
  if (typeof count !== 'number' || typeof total !== 'number') return undefined;
  if (count === total) return row;
  if (count === 1) return '0u';
  const padded = result.map((_, axis) => own[axis - result.length + own.length] ?? 1);
  const equal = padded.map((size, axis) => sameDim(size, result[axis] ?? 1));
  const start = padded.findIndex((size) => size !== 1);
  const end = padded.findLastIndex((size) => size !== 1);
  if (equal.slice(start).every(Boolean)) return `(${row} % ${count}u)`;
  const before = result.slice(0, start).every((size) => size === 1);
  if (before && equal.slice(start, end + 1).every(Boolean)) return `(${row} / ${total / count}u)`;
  return undefined;
}
