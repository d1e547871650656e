/**
 * Typed views of little-endian bytes (every platform Node runs on is little-endian in practice). A view needs its
 * bytes at a multiple of the element size; bytes that lie elsewhere are copied.
 */
export function u16View(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset } = aligned(bytes, 2);
  return new Uint16Array(buffer, byteOffset, elementCount(bytes, 2));
}

export function u32View(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset } = aligned(bytes, 4);
  return new Uint32Array(buffer, byteOffset, elementCount(bytes, 4));
}

export function f32View(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset } = aligned(bytes, 4);
  return new Float32Array(buffer, byteOffset, elementCount(bytes, 4));
}

/** @throws RangeError when the bytes end inside an element */
export function elementCount(bytes: Uint8Array, size: number): number {
  const count = bytes.byteLength / size;
  if (!Number.isInteger(count)) {
    throw new RangeError(`${bytes.byteLength} bytes are not a whole number of ${size}-byte elements.`);
  }
  return count;
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
}
