/** Floats in 128 MiB, which every GPU can bind at once. */
const BINDABLE = 2 ** 25;

/** How many things of so many floats each a GPU can bind at once: 1 to `most`. */
export function bindable(floats: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(BINDABLE / floats)));
}
