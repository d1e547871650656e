import type { Manifest } from '@casement/runtime';

const BYTES = { f32: 4, f16: 2, bf16: 2, i32: 4, i64: 8, u8: 1, bool: 1 } as const;

/** Bytes of a sequence's states at full capacity. */
export function stateBytes({ states }: Manifest): number {
  return states.reduce((sum, { dtype, shape, axis, capacity }) => {
    const elements = shape.reduce<number>((product, size, i) => product * (i === axis ? capacity : Number(size)), 1);
    return sum + BYTES[dtype] * elements;
  }, 0);
}
