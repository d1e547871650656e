import type { DType } from '@casement/ir';
import type { TensorType } from './planShards.ts';
import type { TensorSource } from './source.ts';

/** A tensor to be written. Its data is asked for once, when its turn comes. */
export interface ShardTensor extends TensorType {
  /** The type of the elements that `stream` gives, converted to `dtype` on the way. */
  readonly streamDtype: DType;
  /** Bytes in order, in chunks of whole elements that nobody changes afterwards. */
  stream(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A tensor of a checkpoint as one to be written, under the model's name and in the build's type. */
export function shardTensor(source: TensorSource, tensor: string, as: { name: string; dtype: DType }): ShardTensor {
  const { dtype, shape } = source.info(tensor);
  return { ...as, shape, streamDtype: dtype, stream: () => source.stream(tensor) };
}
