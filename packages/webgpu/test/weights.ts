import type { HostTensor } from '@casement/ir';
import { encodeValues } from '../../onnx/src/bytes.ts';
import type { WeightLocation } from '../src/index.ts';

/** Tensors one after another, as a shard holds them (its header is replaced by 10 bytes, an awkward number). */
export function packWeights(
  name: string,
  tensors: ReadonlyMap<string, HostTensor>,
): { file: Uint8Array; locations: Map<string, WeightLocation> } {
  const locations = new Map<string, WeightLocation>();
  const parts: Uint8Array[] = [new Uint8Array(10)];
  let byteOffset = 10;
  for (const [param, { dtype, data }] of tensors) {
    const bytes = encodeValues(dtype, data);
    locations.set(param, { file: name, byteOffset, byteLength: bytes.length, dtype });
    parts.push(bytes);
    byteOffset += bytes.length;
  }
  const file = new Uint8Array(byteOffset);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return { file, locations };
}
