import type { Program } from '@casement/ir';

/**
 * The states that attention reads together, keys and values, either way round. A state that is read with one here and
 * with another one there has no partner, nor have those.
 */
export function partnersOf({ entries }: Program): ReadonlyMap<string, string> {
  const all = new Map<string, Set<string>>();
  const add = (state: string, partner: string) => all.set(state, (all.get(state) ?? new Set()).add(partner));
  for (const { op, inputs } of [...entries.values()].flatMap(({ nodes }) => nodes)) {
    const [keys, values] = op.name === 'attention' ? [inputs[1]?.state, inputs[2]?.state] : [];
    if (keys === undefined || values === undefined) continue;
    add(keys, values);
    add(values, keys);
  }
  const only = (state: string) => {
    const [partner, ...others] = all.get(state) ?? [];
    return others.length === 0 ? partner : undefined;
  };
  return new Map(
    [...all.keys()].flatMap((state) => {
      const partner = only(state);
      return partner !== undefined && only(partner) === state ? [[state, partner] as const] : [];
    }),
  );
}
