/** Names that differ only in whole numbers between dots (layer and expert indices). */
export interface NamePattern<T> {
  /** For example `model.layers.{0..27}.self_attn.q_proj.weight`. */
  readonly text: string;
  readonly items: readonly T[];
}

/**
 * Groups items by their name's pattern, in order of first appearance, so that 28 layers take one line of a report.
 *
 * @param variantOf items of one pattern that differ in this text stay apart
 */
export function namePatterns<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  variantOf: (item: T) => string,
): NamePattern<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = `${skeleton(nameOf(item))}\n${variantOf(item)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()].map((group) => ({ text: patternText(group.map(nameOf)), items: group }));
}

/** The name with every number between dots replaced by `#`. */
export function skeleton(name: string): string {
  return segments(name)
    .map((segment) => (isNumber(segment) ? '#' : segment))
    .join('.');
}

/** The numbers between dots, in order. */
export function numbersOf(name: string): number[] {
  return segments(name).filter(isNumber).map(Number);
}

export function segments(name: string): string[] {
  return name.split('.');
}

export function isNumber(segment: string): boolean {
  return /^\d+$/.test(segment);
}

function patternText(names: readonly string[]): string {
  const rows = names.map(segments);
  const [first = []] = rows;
  return first
    .map((segment, column) => (isNumber(segment) ? ranges(rows.map((row) => Number(row[column]))) : segment))
    .join('.');
}

/** `3` for one number, else `{0..3,7,9..12}`. */
function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  const text = runs.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`)).join(',');
  return sorted.length === 1 ? text : `{${text}}`;
}
