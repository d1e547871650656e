import type { Program } from '@casement/ir';
import type { QuantizedParam } from '@casement/passes';
import { dropCopies, type MatchReport, matchParams, type RenameTable, type TensorSource } from '@casement/weights';
import { expectedParams } from './expectedParams.ts';

/** Compares what a program wants with what a checkpoint holds. Tied weights saved under two names are no left-overs. */
export async function matchCheckpoint(
  program: Program,
  source: TensorSource,
  rename?: RenameTable,
  quantized?: ReadonlyMap<string, QuantizedParam>,
): Promise<MatchReport> {
  return dropCopies(matchParams(expectedParams(program, quantized), source, rename), source);
}
