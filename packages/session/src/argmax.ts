/** Index of the largest element of `values[start … start+count−1]`, relative to `start`; the first of equals. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = Number.NEGATIVE_INFINITY;
  let bestAt = -1;
  for (let i = 0; i < count; i++) {
    const value = values[start + i] ?? Number.NaN;
    if (value > best) [best, bestAt] = [value, i];
  }
  if (bestAt < 0) throw new RangeError(`no finite number among ${count} logits: the model gave NaN or −∞ only`);
  return bestAt;
}
