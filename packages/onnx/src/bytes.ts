import { type DType, dtypeBytes, roundToBf16, roundToF16 } from '@casement/ir';

type Write = (view: DataView, at: number, value: number) => void;

const WRITE: Readonly<Record<DType, Write>> = {
  f32: (view, at, value) => view.setFloat32(at, value, true),
  f16: (view, at, value) => view.setUint16(at, halfBits(value), true),
  bf16: (view, at, value) => {
    view.setFloat32(at, roundToBf16(value), true);
    view.setUint16(at, view.getUint16(at + 2, true), true);
  },
  i32: (view, at, value) => view.setInt32(at, value, true),
  i64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  u8: (view, at, value) => view.setUint8(at, value),
  bool: (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1),
};

/** Values as ONNX stores them in `rawData`: little endian, one after another. */
export function encodeValues(dtype: DType, values: ArrayLike<number>): Uint8Array {
  const size = dtypeBytes(dtype);
  const padding = 2; // bf16 is written as the upper half of an f32
  const buffer = new ArrayBuffer(values.length * size + padding);
  const view = new DataView(buffer);
  for (let i = 0; i < values.length; i++) WRITE[dtype](view, i * size, values[i] ?? 0);
  return new Uint8Array(buffer, 0, values.length * size);
}

/** The binary16 nearest to a number. */
export function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const rounded = roundToF16(value);
  const sign = Object.is(Math.sign(rounded), -0) || rounded < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(rounded);
  if (magnitude === Infinity) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24);
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, magnitude);
  const word = bits.getUint32(0);
  return sign | ((((word >>> 23) - 127 + 15) << 10) | ((word >>> 13) & 0x3ff));
}
