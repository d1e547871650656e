import { type Program, printType } from '@casement/ir';
import type { Arrow, Box, Placed } from './drawing.ts';
import { nameIn } from './labels.ts';

interface Use {
  readonly box: string;
  readonly states: readonly string[];
  readonly written: boolean;
}

/** The states that parts read or append to. Those of one cache, such as its keys and values, share a box. */
export function stateBoxes(
  program: Program,
  placed: readonly Placed[],
  scope: string,
): { boxes: Box[]; arrows: Arrow[] } {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  for (const { box, states, written } of placed.flatMap(usesOf)) {
    const { type } = program.states.get(states[0] ?? '') ?? {};
    const id = `state:${states.join()}`;
    const [first = ''] = states;
    const cache = first.slice(0, first.lastIndexOf('.'));
    const parts = states.map((state) => state.slice(cache.length + 1)).join(', ');
    const name = states.length > 1 ? `${nameIn(scope, cache)}: ${parts}` : nameIn(scope, first);
    if (!boxes.some((other) => other.id === id)) {
      const typed = type ? [{ text: printType(type), style: 'type' as const }] : [];
      boxes.push({ id, kind: 'state', lines: [{ text: name, style: 'name' }, ...typed] });
    }
    arrows.push({ from: id, to: box, kind: 'state', both: written });
  }
  return { boxes, arrows };
}

/** What a part has to do with states, by cache. */
function usesOf({ box, nodes }: Placed): Use[] {
  const written = new Set(
    nodes.flatMap(({ op, outputs }) => (op.updatesState ? outputs.map(({ state }) => state) : [])),
  );
  const touched = nodes.flatMap(({ inputs }) =>
    inputs.filter(({ kind }) => kind === 'state').map(({ state }) => state),
  );
  const caches = new Map<string, string[]>();
  for (const state of new Set([...touched, ...written])) {
    if (state === undefined) continue;
    const cache = state.slice(0, Math.max(state.lastIndexOf('.'), 0));
    caches.set(cache, [...(caches.get(cache) ?? []), state]);
  }
  return [...caches.values()].map((states) => {
    return { box: box.id, states, written: states.some((state) => written.has(state)) };
  });
}
