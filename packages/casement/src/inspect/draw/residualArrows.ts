import type { Arrow, Placed } from './drawing.ts';

/** Marks the arrows that go to an addition around a longer path from the same source. */
export function residualArrows(arrows: readonly Arrow[], placed: readonly Placed[]): Arrow[] {
  const adding = new Set(placed.flatMap(({ box, nodes }) => (nodes[0]?.op.name === 'add' ? [box.id] : [])));
  const into = new Map<string, string[]>();
  for (const { from, to } of arrows) into.set(to, [...(into.get(to) ?? []), from]);
  const leadsTo = (from: string, to: string, seen: Set<string>): boolean => {
    if (from === to) return true;
    if (seen.has(to)) return false;
    seen.add(to);
    return (into.get(to) ?? []).some((previous) => leadsTo(from, previous, seen));
  };
  return arrows.map((arrow) => {
    const { from, to } = arrow;
    const others = (into.get(to) ?? []).filter((other) => other !== from);
    const around = adding.has(to) && others.some((other) => leadsTo(from, other, new Set()));
    return around ? { ...arrow, kind: 'residual' } : arrow;
  });
}
