import { type HostTensor, isFloat, makeTensor, type Program } from '@casement/ir';
import type { QuantizedParam } from '@casement/passes';
import {
  convert,
  decodeFloats,
  type RenameTable,
  requireComplete,
  type ShardTensor,
  type TensorSource,
} from '@casement/weights';
import { weightTensors } from '../artifact/weightTensors.ts';
import { matchCheckpoint } from './matchCheckpoint.ts';

export interface LoadOptions {
  readonly rename?: RenameTable | undefined;
  readonly allowExtra?: boolean | undefined;
  readonly quantized?: ReadonlyMap<string, QuantizedParam> | undefined;
}

/** All params of a program in memory, with the values that a build would write: what the reference needs. Throws WeightError. */
export async function loadParams(
  program: Program,
  source: TensorSource,
  { rename, allowExtra = false, quantized }: LoadOptions,
): Promise<ReadonlyMap<string, HostTensor>> {
  const report = await matchCheckpoint(program, source, rename, quantized);
  requireComplete(report, { allowLeftOver: allowExtra });
  const params = new Map<string, HostTensor>();
  for (const { name, tensor } of report.matched) {
    const made = quantized?.get(name);
    const dtype = (made?.weight ?? program.params.get(name))?.type.dtype ?? tensor.dtype;
    for (const part of weightTensors(source, { name, dtype, from: tensor, ...(made ? { how: made.how } : {}) })) {
      params.set(part.name, await inMemory(part));
    }
  }
  return params;
}

async function inMemory(tensor: ShardTensor): Promise<HostTensor> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tensor.stream()) chunks.push(convert(chunk, tensor.streamDtype, tensor.dtype).bytes);
  const bytes = new Uint8Array(Buffer.concat(chunks));
  const { name, dtype, shape } = tensor;
  if (dtype === 'u8') return { dtype, shape, data: bytes };
  if (!isFloat(dtype)) throw new Error(`param "${name}" is ${dtype}; only float weights can be loaded`);
  const data = decodeFloats(bytes, dtype);
  return makeTensor(dtype, shape, (i) => data[i] ?? 0);
}
