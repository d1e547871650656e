import { type Node, ops, type QuantizedAttrs } from '@casement/ir';
import type { Operand } from '../operand.ts';

/** Rows of a weight, or of a piece of it, for fused kernels. */
export interface RowWeight {
  /** Elements [rows columns], or packed numbers. */
  readonly numbers: Operand;
  readonly blocks: RowBlocks | undefined;
  /** The first row of `numbers` in the whole weight. Scales and zero points are those of the whole weight. */
  readonly first: number;
}

export interface RowBlocks {
  readonly attrs: QuantizedAttrs;
  readonly scales: Operand;
  readonly zeros: Operand | undefined;
}

/** Columns of a quantised weight that are read at a time. */
export const QUANTIZED_STEP = 32;

/** Why fused kernels cannot read the rows of a linear's weight. */
export function rowFormatProblem(node: Node): string | undefined {
  const [, weight] = node.inputs;
  if (weight?.kind !== 'param') return 'its weight is computed';
  if (node.op.name === ops.quantizedLinear.name) {
    const { block, columns } = node.attrs as QuantizedAttrs; // the op's attributes, by its name
    const fits = block % QUANTIZED_STEP === 0 && columns % QUANTIZED_STEP === 0;
    return fits
      ? undefined
      : `rows of ${columns} numbers in blocks of ${block} do not come in steps of ${QUANTIZED_STEP}`;
  }
  const columns = weight.type.shape[1];
  return Number(columns) % 4 === 0 ? undefined : `rows of ${columns} numbers do not come in fours`;
}

/** Why kernels for tiles of many rows of x cannot read the rows of a linear's weight. */
export function tileFormatProblem({ op, inputs: [x, weight], attrs }: Node): string | undefined {
  if (weight?.kind !== 'param') return 'its weight is computed';
  const columns = x?.type.shape.at(-1);
  if (Number(columns) % 4 !== 0) return `rows of ${columns} numbers do not come in fours`;
  const block = op.name === ops.quantizedLinear.name ? Number(attrs.block) : 8;
  return block % 8 === 0 ? undefined : `blocks of ${block} numbers do not come in eights`;
}

/** Columns that one step of a row takes; a power of two. */
export function stepOf({ numbers, blocks }: RowWeight, columns: number): number {
  if (blocks) return QUANTIZED_STEP;
  return numbers.storage === 'f32' || columns % 8 !== 0 ? 4 : 8;
}
