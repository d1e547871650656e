import { UserError } from '../error.ts';

/** An element type under the names of ONNX (a number), of Triton's configuration, and of the inference protocol. */
export interface DataType {
  readonly onnx: number;
  readonly config: `TYPE_${string}`;
  readonly protocol: string;
  readonly bytes: number;
}

const DATA_TYPES: readonly DataType[] = [
  { onnx: 1, config: 'TYPE_FP32', protocol: 'FP32', bytes: 4 },
  { onnx: 10, config: 'TYPE_FP16', protocol: 'FP16', bytes: 2 },
  { onnx: 16, config: 'TYPE_BF16', protocol: 'BF16', bytes: 2 },
  { onnx: 6, config: 'TYPE_INT32', protocol: 'INT32', bytes: 4 },
  { onnx: 7, config: 'TYPE_INT64', protocol: 'INT64', bytes: 8 },
  { onnx: 2, config: 'TYPE_UINT8', protocol: 'UINT8', bytes: 1 },
  { onnx: 9, config: 'TYPE_BOOL', protocol: 'BOOL', bytes: 1 },
];

/** Throws UserError for a type that Triton has not. */
export function dataTypeOf(onnx: number, name: string): DataType {
  const found = DATA_TYPES.find((type) => type.onnx === onnx);
  if (found) return found;
  throw new UserError(`"${name}" has ONNX's element type ${onnx}, which Triton's configuration has no name for`);
}
