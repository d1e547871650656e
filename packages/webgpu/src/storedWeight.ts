import type { Dim, QuantizedAttrs, QuantizedWeight, Value } from '@casement/ir';
import type { LoweringContext, Piece } from './lowering.ts';
import type { Operand } from './operand.ts';

/** Some or all rows of a weight [rows columns] as they lie in memory. */
export interface StoredWeight {
  /** Elements [rows columns]; of a quantised weight the packed numbers [rows blocks bytes]. */
  readonly numbers: Operand;
  readonly quantized: StoredBlocks | undefined;
  readonly columns: Dim;
  /** Rows `first` … `first + rows − 1` of the whole weight. */
  readonly first: number;
  readonly rows: Dim;
}

/** What makes weights of packed numbers. Scales and zero points are those of the whole weight. */
export interface StoredBlocks extends Omit<QuantizedWeight<Operand>, 'packed'> {
  readonly attrs: QuantizedAttrs;
}

/** A plain weight in pieces that can each be bound. */
export function plainPieces(weight: Value, context: LoweringContext): readonly StoredWeight[] {
  const columns = weight.type.shape[1] ?? 1;
  return context
    .pieces(weight)
    .map(({ operand, first, rows }) => ({ numbers: operand, quantized: undefined, columns, first, rows }));
}

/** A quantised weight in pieces whose packed numbers can each be bound; scales and zero points are bound whole. */
export function quantizedPieces(
  { packed, scales, zeros }: QuantizedWeight<Value>,
  attrs: QuantizedAttrs,
  context: LoweringContext,
): readonly StoredWeight[] {
  const quantized = { attrs, scales: context.stored(scales), zeros: zeros && context.stored(zeros) };
  return context.pieces(packed).map(({ operand, first, rows }: Piece) => {
    return { numbers: operand, quantized, columns: attrs.columns, first, rows };
  });
}

/** `4 bits in blocks of 32`, or nothing of a plain weight. */
export function describeBlocks({ quantized }: StoredWeight): string {
  if (!quantized) return '';
  const { bits, block } = quantized.attrs;
  return `${bits} bits in blocks of ${block}${quantized.zeros ? ' with zero points' : ''}`;
}
