import type { Program } from '@casement/ir';
import { linearGroups } from './packLinears.ts';

/**
 * Params that should lie one behind the other in the file, in this order, so that profile `ort` reads them as one
 * tensor: the weights (and biases, and scales) of linear layers that read the same rows. No param is in two lists.
 */
export function adjacentParams(program: Program): readonly (readonly string[])[] {
  // What only fills caches runs once per image; what returns something, for every token. The longest lists come first.
  const graphs = [...program.entries.values()].toSorted((a, b) => b.outputs.length - a.outputs.length);
  const wanted = graphs.flatMap((graph) =>
    linearGroups(graph)
      .toSorted((a, b) => b.length - a.length)
      .flatMap((group) => {
        const operands = (group[0]?.inputs.length ?? 1) - 1;
        // A layer that is written twice is computed once.
        return Array.from({ length: operands }, (_, i) => [
          ...new Set(group.flatMap(({ inputs }) => inputs[i + 1]?.name ?? [])),
        ]);
      }),
  );
  const placed = new Set<string>();
  const lists: string[][] = [];
  for (const names of wanted) {
    if (names.length < 2 || names.some((name) => placed.has(name))) continue;
    for (const name of names) placed.add(name);
    lists.push(names);
  }
  return lists;
}
