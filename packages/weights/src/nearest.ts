import { numbersOf, skeleton } from './namePatterns.ts';

/** Beyond this share of the longer name, two names do not resemble each other. */
const MAX_DISTANCE = 0.6;

/**
 * Up to `count` names that resemble `wanted`, nearest first. Names are compared without their layer numbers; of names
 * that differ in those alone, the one with the nearest numbers is taken. So 28 layers cost one comparison, and the
 * suggestions for layer 3 come from layer 3.
 */
export function nearestNames(wanted: string, candidates: readonly string[], count = 3): string[] {
  return nameFinder(candidates)(wanted, count);
}

/** `nearestNames` for many questions about the same candidates. */
export function nameFinder(candidates: readonly string[]): (wanted: string, count: number) => string[] {
  const families = new Map<string, string[]>();
  for (const name of candidates) {
    const key = skeleton(name);
    const family = families.get(key);
    if (family === undefined) families.set(key, [name]);
    else family.push(name);
  }
  // Every layer asks the same question but for its number.
  const ranked = new Map<string, readonly string[]>();
  return (wanted, count) => {
    const key = skeleton(wanted);
    const near = ranked.get(key) ?? rankFamilies(key, [...families.keys()], count);
    ranked.set(key, near);
    return near.map((family) => nearestMember(wanted, families.get(family) ?? []));
  };
}

function rankFamilies(key: string, families: readonly string[], count: number): readonly string[] {
  return families
    .map((family) => ({ family, distance: editDistance(key, family) / Math.max(key.length, family.length, 1) }))
    .filter(({ distance }) => distance <= MAX_DISTANCE)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ family }) => family);
}

/** A family has at least one member. Numbers further left (the layer) weigh more than those behind them. */
function nearestMember(wanted: string, members: readonly string[]): string {
  const target = numbersOf(wanted);
  const gap = (name: string) =>
    numbersOf(name).reduce((sum, number, index) => sum + Math.abs(number - (target[index] ?? 0)) / 1e4 ** index, 0);
  return members.reduce((best, name) => (gap(name) < gap(best) ? name : best));
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Uint16Array.from({ length: b.length + 1 }, (_, j) => j);
  let next = new Uint16Array(b.length + 1);
  for (let i = 1; i <= a.length; i++) {
    next[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const replace = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(replace, at(row, j) + 1, at(next, j - 1) + 1);
    }
    [row, next] = [next, row];
  }
  return at(row, b.length);
}

/** Only asked for indices in range. */
function at(row: Uint16Array, index: number): number {
  return row[index] as number;
}
