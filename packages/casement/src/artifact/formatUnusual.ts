import type { UnusualValues } from '@casement/weights';

/** More lines would hide what comes after them. */
const SHOWN = 10;

/** A warning per tensor with values that are not finite, or that `dtype` made infinite. */
export function formatUnusual(unusual: readonly UnusualValues[], dtype: string): string[] {
  const lines = unusual.slice(0, SHOWN).map(({ tensor, nan, infinite, overflowed }) => {
    const kinds = [
      [nan, 'NaN'],
      [infinite, 'infinite'],
      [overflowed, `too large for ${dtype}, now infinite`],
    ] as const;
    const counts = kinds.filter(([count]) => count > 0).map(([count, kind]) => `${count} ${kind}`);
    return `warning: weights of ${tensor}: ${counts.join(', ')}`;
  });
  const more = unusual.length - lines.length;
  return more > 0 ? [...lines, `warning: such weights in ${more} more tensors`] : lines;
}
