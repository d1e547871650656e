import type { Executor } from '@casement/session';

const WIDTHS = { f32: 4, f16: 2, bf16: 2, i32: 4, i64: 8, u8: 1, bool: 1 } as const;

/** An executor, or as much of it as says what its caches hold. */
interface Held extends Pick<Executor, 'lengths'> {
  readonly signature: Pick<Executor['signature'], 'states'>;
}

/** Bytes of keys and values that the caches counted by each dim hold now. */
export function kvBytes({ signature, lengths }: Held): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const { shape, axis, dim, dtype } of signature.states) {
    const perPosition = shape.reduce<number>(
      (size, part, i) => (i === axis ? size : size * Number(part)),
      WIDTHS[dtype],
    );
    bytes.set(dim, (bytes.get(dim) ?? 0) + perPosition * (lengths.get(dim) ?? 0));
  }
  return bytes;
}
