import { type DType, dtypeBytes } from '@casement/ir';

// Numbers of the ONNX format. `onnx-proto` stops at ONNX 1.10, so they are plain numbers here.

/** The least IR version that opset 23 may have. */
export const IR_VERSION = 11;
export const OPSET = 23;

export const MICROSOFT = 'com.microsoft';
export const MICROSOFT_OPSET = 1;

/** What tensors of an ONNX graph may hold: `u4` are two numbers to a byte, the first one in the low half. */
export type ElementType = DType | 'u4';

/** TensorProto.DataType. */
export const ELEM_TYPE: Readonly<Record<ElementType, number>> = {
  f32: 1,
  u8: 2,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  bf16: 16,
  u4: 21,
};

/** Bytes of so many elements. Throws RangeError when they end within a byte. */
export function elementBytes(type: ElementType, count: number): number {
  const bytes = type === 'u4' ? count / 2 : count * dtypeBytes(type);
  if (!Number.isInteger(bytes)) throw new RangeError(`${count} elements of ${type} do not fill whole bytes`);
  return bytes;
}

/** TensorProto.DataLocation: the bytes are in another file. */
export const EXTERNAL = 1;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

/** For `Slice`: up to the end of the axis. An int64 that a double holds exactly. */
export const TO_THE_END = Number.MAX_SAFE_INTEGER;
