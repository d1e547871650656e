import { inputAt, type Node, type Value } from '@casement/ir';
import { contracted, convex } from './convex.ts';

/** What stands in a picture of a scope: a block called in it, or nodes of its own. */
export type Part = BlockPart | NodePart;

/** The nodes of a scope within the scope around it. No path leaves it and comes back. */
export interface BlockPart {
  readonly kind: 'block';
  readonly scope: string;
  readonly nodes: readonly Node[];
  /** What is seen in it; absent where it is drawn as a closed box. */
  readonly parts?: readonly Part[];
}

/** Nodes each of which goes on with the result of the one before, and is alone in that. */
export interface NodePart {
  readonly kind: 'nodes';
  readonly nodes: readonly Node[];
}

/**
 * Divides the nodes of `scope` into the blocks called in it and the nodes of its own, in topological order. A block that
 * is a part of the scope's name only, because data leaves it and comes back, is divided further.
 *
 * @param shown whether a value is drawn as an operand
 * @param depth how many levels of blocks are told apart; 1 draws those of the scope closed
 */
export function partsOf(
  nodes: readonly Node[],
  shown: (value: Value) => boolean,
  scope: string,
  depth: number,
): readonly Part[] {
  let keys = new Map(nodes.map((node) => [node, childScope(scope, node)]));
  for (;;) {
    const { units, cyclic } = contracted(nodes, keys, shown);
    if (cyclic.size === 0) return open(units, keys, shown, depth);
    const wrong = [...cyclic].filter((key) => !convex(nodes, (node) => keys.get(node) === key));
    const divided = new Set(wrong.length > 0 ? wrong : cyclic);
    keys = new Map(
      nodes.map((node) => {
        const key = keys.get(node);
        return [node, key !== undefined && divided.has(key) ? childScope(key, node) : key];
      }),
    );
  }
}

function open(
  units: readonly (readonly Node[])[],
  keys: ReadonlyMap<Node, string | undefined>,
  shown: (value: Value) => boolean,
  depth: number,
): Part[] {
  const parts = units.map((nodes): Part => {
    const scope = keys.get(inputAt(nodes, 0));
    if (scope === undefined) return { kind: 'nodes', nodes };
    const parts = depth > 1 ? partsOf(nodes, shown, scope, depth - 1) : [];
    // A frame around a single op says no more than the closed box.
    return { kind: 'block', scope, nodes, ...(parts.length > 1 ? { parts } : {}) };
  });
  const [only] = parts;
  // A box alone says nothing.
  if (parts.length === 1 && only?.kind === 'block') return [...partsOf(only.nodes, shown, only.scope, depth)];
  return parts;
}

/** The scope within `scope` that a node belongs to, `layers.3` being one; undefined for a node of `scope` itself. */
function childScope(scope: string, { origin }: Node): string | undefined {
  const rest = origin.scope.slice(scope === '' ? 0 : scope.length + 1);
  if (rest === '') return undefined;
  const [first = '', ...others] = rest.split('.');
  const end = others.findIndex((segment) => !/^\d+$/.test(segment));
  const name = [first, ...others.slice(0, end === -1 ? others.length : end)].join('.');
  return scope === '' ? name : `${scope}.${name}`;
}
