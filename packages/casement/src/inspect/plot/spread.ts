/**
 * Moves positions apart until neighbours keep `gap`, none leaves [from, to], and each stays as near to its own place as
 * that allows. The order stays. When they do not all fit, they are spread evenly.
 */
export function spread(positions: readonly number[], gap: number, from: number, to: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const room = Math.min(gap, (to - from) / Math.max(order.length - 1, 1));
  const placed = [...positions];
  let lowest = from;
  for (const index of order) {
    placed[index] = Math.max(positions[index] ?? 0, lowest);
    lowest = (placed[index] ?? 0) + room;
  }
  let highest = to;
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index] ?? 0, highest);
    highest = (placed[index] ?? 0) - room;
  }
  return placed;
}
