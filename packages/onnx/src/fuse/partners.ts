import type { Program } from '@casement/ir';

/** The states that attention reads together, keys and values, either way round. */
export function partnersOf({ entries }: Program): ReadonlyMap<string, string> {
  const attentions = [...entries.values()].flatMap(({ nodes }) => nodes.filter(({ op }) => op.name === 'attention'));
  return new Map(
    attentions.flatMap(({ inputs }) => {
      const [keys, values] = [inputs[1]?.state, inputs[2]?.state];
      return keys && values ? [[keys, values] as const, [values, keys] as const] : [];
    }),
  );
}
