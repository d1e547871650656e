import { type Dim, mulDims, printType, productDims, sameDim, type TensorType } from '@casement/ir';
import type { BufferKind } from '@casement/runtime';
import { type Storage, storageInfo } from './storage.ts';

/** A piece of device memory that is bound as one. Compared by identity. */
export interface Block {
  readonly kind: BufferKind;
  readonly name: string;
  readonly bytes: number;
  /** Known at once for everything but the arena, whose blocks the memory plan places at the end. */
  readonly place: Place | undefined;
}

export interface Place {
  readonly buffer: string;
  readonly offset: number;
}

/** A tensor as kernels see it. */
export interface Operand {
  readonly block: Block;
  readonly storage: Storage;
  readonly type: TensorType;
  /** The shape that elements are laid out by, row-major: the type's, with a state's capacity for its length. */
  readonly layout: readonly Dim[];
}

/** An operand whose elements lie without gaps. */
export function denseOperand(block: Block, storage: Storage, type: TensorType): Operand {
  return { block, storage, type, layout: type.shape };
}

/** Strides in elements. */
export function stridesOf({ layout }: Operand): Dim[] {
  return layout.map((_, axis) => productDims(layout.slice(axis + 1)));
}

/** Whether the elements lie without gaps, so that a flat index counts them. */
export function isDense(operand: Operand): boolean {
  const { shape } = operand.type;
  return stridesOf(operand).every(
    (stride, axis) => shape[axis] === 1 || sameDim(stride, productDims(shape.slice(axis + 1))),
  );
}

/** Number of elements. */
export function countOf({ type }: Operand): Dim {
  return productDims(type.shape);
}

/** Sizes before, along and after an axis, each as one number. */
export function splitAt(shape: readonly Dim[], axis: number): { outer: Dim; size: Dim; inner: Dim } {
  return {
    outer: productDims(shape.slice(0, axis)),
    size: shape[axis] ?? 1,
    inner: productDims(shape.slice(axis + 1)),
  };
}

/** `f16[256 64], two to a word`. */
export function describe({ type, storage }: Operand): string {
  const { bytes, packed } = storageInfo(storage);
  if (packed) return `${printType(type)}, ${bytes === 2 ? 'two' : 'four'} to a word`;
  return storage === 'f32' && type.dtype !== 'f32' ? `${printType(type)}, kept as f32` : printType(type);
}

/** The first axes as one: rows of the last one. */
export function rowsOf({ type }: Operand): Dim {
  return type.shape.slice(0, -1).reduce<Dim>(mulDims, 1);
}
