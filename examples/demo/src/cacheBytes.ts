import type { Executor } from '@casement/session';

const WIDTHS = { f32: 4, f16: 2, bf16: 2, i32: 4, i64: 8, u8: 1, bool: 1 } as const;

/**
 * Bytes of keys and values that are held for images and for text. A model with fusion layers keeps images in a window,
 * and with them the text since the newest; one that inserts them has them in the text's cache, `inserted` tokens so far.
 */
export function cacheBytes(executor: Executor, inserted: number): { readonly images: number; readonly text: number } {
  const past = executor.lengths.get('past') ?? 0;
  const perPosition = bytesPerPosition(executor, 'past');
  if (!executor.signature.entries.insertImage) {
    const window = executor.lengths.get('window') ?? 0;
    return { images: window * bytesPerPosition(executor, 'window'), text: past * perPosition };
  }
  return { images: inserted * perPosition, text: (past - inserted) * perPosition };
}

function bytesPerPosition({ signature }: Executor, counter: string): number {
  const states = signature.states.filter(({ dim }) => dim === counter);
  const sizes = states.map(({ shape, axis, dtype }) =>
    shape.reduce<number>((size, part, i) => (i === axis ? size : size * Number(part)), WIDTHS[dtype]),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
