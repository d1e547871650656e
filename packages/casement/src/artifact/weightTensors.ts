import { isFloat } from '@casement/ir';
import {
  type QuantizationError,
  quantizedTensors,
  type ShardTensor,
  shardTensor,
  type TensorSource,
} from '@casement/weights';
import type { TensorRecipe } from './weightOrigin.ts';

/** The tensors that a weight of a checkpoint becomes: itself in the build's dtype, or the parts of its quantised form. */
export function weightTensors(
  source: TensorSource,
  { name, dtype, from, how }: TensorRecipe,
  onError?: (error: QuantizationError) => void,
): ShardTensor[] {
  if (how === undefined) return [shardTensor(source, from.name, { name, dtype })];
  if (!isFloat(dtype)) throw new RangeError(`scales of "${name}" cannot be ${dtype}`); // quantizeWeights takes floats
  return quantizedTensors(source, from.name, { name, how, dtype, ...(onError ? { onError } : {}) });
}
