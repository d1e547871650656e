/**
 * Does `work` for every item and yields the results in the items' order, with at most `width` items under way or done
 * but not taken. When anything fails, or the consumer stops, it ends only after all work has.
 */
export async function* readAhead<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const pending: Promise<R>[] = [];
  const start = (item: T) => {
    const result = work(item);
    result.catch(() => {}); // thrown when its turn comes
    pending.push(result);
  };
  try {
    for (const item of items.slice(0, width)) start(item);
    for (const [i, item] of items.entries()) {
      const result = pending[0];
      if (result) yield [item, await result];
      pending.shift();
      const next = items[i + width];
      if (next !== undefined) start(next);
    }
  } finally {
    await Promise.allSettled(pending);
  }
}
