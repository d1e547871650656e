import type { onnx as Onnx } from 'onnx-proto';
// The classes are CommonJS without names that Node can see.
import onnxProto from 'onnx-proto';

export type { Onnx };

const { ModelProto } = onnxProto.onnx;

declare global {
  /** The types of onnx-proto name this global and leave it undeclared, which would make integers `any`. */
  interface Long {
    readonly low: number;
    readonly high: number;
    readonly unsigned: boolean;
  }
}

export function decodeModel(bytes: Uint8Array): Onnx.IModelProto {
  return ModelProto.decode(bytes);
}

export function encodeModel(model: Onnx.IModelProto): Uint8Array {
  return ModelProto.encode(model).finish();
}

/** An input or output of a model. A size is a number, or the name of one that may vary. */
export interface OnnxTensor {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly elementType: number;
  readonly shape: readonly (number | string)[];
}

export function tensorOf({ name, type }: Onnx.IValueInfoProto): OnnxTensor {
  const { elemType, shape } = type?.tensorType ?? {};
  return {
    name: name ?? '',
    elementType: elemType ?? 0,
    shape: (shape?.dim ?? []).map(({ dimParam, dimValue }) => dimParam || Number(dimValue ?? 0)),
  };
}

export function valueInfoOf({ name, elementType, shape }: OnnxTensor): Onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementType, shape: { dim } } } };
}

/** Files beside a model that its weights are in. */
export function externalFiles({ graph }: Onnx.IModelProto): ReadonlySet<string> {
  const places = (graph?.initializer ?? []).flatMap(({ externalData }) => externalData ?? []);
  return new Set(places.flatMap(({ key, value }) => (key === 'location' && value ? [value] : [])));
}
