import type { Program } from '@casement/ir';

/** Hands out names that no other tensor of a graph has. */
export class Names {
  private readonly taken = new Set<string>();

  /** Keeps a name for a tensor that must have exactly this one. */
  reserve(name: string): void {
    this.taken.add(name);
  }

  /** `wanted`, or with the first free `_1`, `_2`, … behind it. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.taken.has(name); i++) name = `${wanted}_${i}`;
    this.taken.add(name);
    return name;
  }
}

export interface StateNames {
  readonly past: string;
  readonly present: string;
}

/**
 * Input and output names of every state, as Hugging Face Optimum has them: `….layers.3.….past_key_values.key` becomes
 * `past_key_values.3.key` and `present.3.key`, `….layers.3.….window.key` becomes `window.3.key` and
 * `present_window.3.key`. A state whose name has no number, or whose short name another tensor has, keeps its own; it is
 * numbered if an input or output has that.
 */
export function stateNames(program: Program): ReadonlyMap<string, StateNames> {
  const short = new Map([...program.states.keys()].map((state) => [state, optimumNames(state)]));
  const uses = new Map<string, number>();
  const count = (name: string) => uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const names of short.values()) {
    if (names) [names.past, names.present].forEach(count);
  }
  for (const graph of program.entries.values()) {
    for (const { name } of [...graph.inputs, ...graph.outputs]) count(name);
  }
  const alone = (names: StateNames) => uses.get(names.past) === 1 && uses.get(names.present) === 1;
  const taken = new Names();
  for (const name of uses.keys()) taken.reserve(name);
  const own = (state: string) => ({ past: taken.unique(state), present: taken.unique(`present_${state}`) });
  return new Map([...short].map(([state, names]) => [state, names && alone(names) ? names : own(state)]));
}

function optimumNames(state: string): StateNames | undefined {
  const segments = state.split('.');
  const last = segments.at(-1);
  const key = segments.at(-2);
  const layer = segments.find(isNumber);
  if (last === undefined || key === undefined || layer === undefined || isNumber(key)) return undefined;
  const present = key === 'past_key_values' ? 'present' : `present_${key}`;
  return { past: `${key}.${layer}.${last}`, present: `${present}.${layer}.${last}` };
}

function isNumber(segment: string): boolean {
  return /^\d+$/.test(segment);
}
