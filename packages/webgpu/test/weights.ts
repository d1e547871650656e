import { type DType, dtypeBytes, type HostTensor } from '@casement/ir';
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
    const bytes = encode(dtype, data);
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

function encode(dtype: DType, data: HostTensor['data']): Uint8Array {
  const bytes = new Uint8Array(data.length * dtypeBytes(dtype));
  const view = new DataView(bytes.buffer);
  data.forEach((value, i) => {
    if (dtype === 'f16') view.setUint16(2 * i, halfBits(value), true);
    else if (dtype === 'bf16') view.setUint16(2 * i, floatBits(value) >>> 16, true);
    else if (dtype === 'i32') view.setInt32(4 * i, value, true);
    else if (dtype === 'f32') view.setFloat32(4 * i, value, true);
    else view.setUint8(i, value);
  });
  return bytes;
}

function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** Bits of a number that f16 holds exactly. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude === 0) return sign;
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const scaled = magnitude / 2 ** (exponent - 10);
  return sign | (scaled < 1024 ? scaled : ((exponent + 15) << 10) + (scaled - 1024));
}
