import { type Dim, elementCount } from '@casement/ir';
import type { onnx as Onnx } from 'onnx-proto';
// The classes are CommonJS without names that Node can see.
import onnxProto from 'onnx-proto';
import { ATTRIBUTE_TYPE, ELEM_TYPE, type ElementType, EXTERNAL, elementBytes, IR_VERSION } from './enums.ts';

declare global {
  /** The types of onnx-proto name this global and leave it undeclared, which would make integers `any`. */
  interface Long {
    readonly low: number;
    readonly high: number;
    readonly unsigned: boolean;
  }
}

export interface OnnxType {
  readonly dtype: ElementType;
  readonly shape: readonly Dim[];
}

/** Where the bytes of a weight are: a range of a file in the model's folder, or here. */
export type WeightPlace =
  | { readonly file: string; readonly byteOffset: number; readonly byteLength: number }
  | Uint8Array;

/** An attribute's value. Integers and floats differ in the file, so they must be told apart here. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly tensor: Onnx.ITensorProto };

export function attributeProto(name: string, attribute: Attribute): Onnx.IAttributeProto {
  if ('int' in attribute) return { name, type: ATTRIBUTE_TYPE.int, i: attribute.int };
  if ('float' in attribute) return { name, type: ATTRIBUTE_TYPE.float, f: attribute.float };
  if ('ints' in attribute) return { name, type: ATTRIBUTE_TYPE.ints, ints: [...attribute.ints] };
  if ('tensor' in attribute) return { name, type: ATTRIBUTE_TYPE.tensor, t: attribute.tensor };
  return { name, type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(attribute.text) };
}

/** A tensor whose bytes stand in the model. */
export function inlineTensor(
  name: string,
  dtype: ElementType,
  shape: readonly number[],
  bytes: Uint8Array,
): Onnx.ITensorProto {
  return { name, dataType: ELEM_TYPE[dtype], dims: [...shape], rawData: bytes };
}

/** A weight, inline or by reference. Throws RangeError when the number of bytes does not fit the shape. */
export function weightTensor(
  name: string,
  dtype: ElementType,
  shape: readonly number[],
  place: WeightPlace,
): Onnx.ITensorProto {
  const wanted = elementBytes(dtype, elementCount(shape));
  if (place.byteLength !== wanted) {
    throw new RangeError(
      `weight "${name}" is ${dtype}[${shape.join(' ')}], ${wanted} bytes, but ${place.byteLength} are given`,
    );
  }
  if (place instanceof Uint8Array) return inlineTensor(name, dtype, shape, place);
  const entries = { location: place.file, offset: String(place.byteOffset), length: String(place.byteLength) };
  return {
    name,
    dataType: ELEM_TYPE[dtype],
    dims: [...shape],
    dataLocation: EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

/** Name and type of a tensor; a symbolic size becomes a dim_param with its text. */
export function valueInfo(name: string, { dtype, shape }: OnnxType): Onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: String(size) }));
  return { name, type: { tensorType: { elemType: ELEM_TYPE[dtype], shape: { dim } } } };
}

export function encodeModel(
  graph: Onnx.IGraphProto,
  opsets: readonly { readonly domain: string; readonly version: number }[],
): Uint8Array {
  const opsetImport = opsets.map(({ domain, version }) => ({ domain, version }));
  const model = { irVersion: IR_VERSION, producerName: 'casement', opsetImport, graph };
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

export function decodeModel(bytes: Uint8Array): Onnx.ModelProto {
  return onnxProto.onnx.ModelProto.decode(bytes);
}

export type { Onnx };
