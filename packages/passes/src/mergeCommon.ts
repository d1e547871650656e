import { type Node, printAttrs, type Value } from '@casement/ir';
import { entryPass, type Pass } from './pass.ts';
import { rewriteGraph } from './rewriteGraph.ts';

/**
 * Computes the same thing once: nodes of one op with the same operands and attributes become the first of them.
 *
 * Requires: nothing; it finds most after `simplify`.
 * Ensures: no two nodes of an entry are the same. States stay as they are: two updates never have the same operands,
 * since each uses a version up, and nodes that read a state are merged only if they read the same version.
 */
export function mergeCommon(): Pass {
  return entryPass('mergeCommon', (graph) => {
    const numbers = new Map<Value, number>();
    const numberOf = (value: Value): number => {
      const number = numbers.get(value) ?? numbers.size;
      numbers.set(value, number);
      return number;
    };
    const firsts = new Map<string, Node>();
    return rewriteGraph(graph, (node) => {
      const key = `${node.op.name}(${node.inputs.map(numberOf)})${attrsKey(node)}`;
      const first = firsts.get(key);
      if (first === undefined) {
        firsts.set(key, node);
        return undefined;
      }
      const pairs = node.outputs.flatMap((value, i) => {
        const same = first.outputs[i];
        return same ? [[value, same] as const] : [];
      });
      return { nodes: [], replaced: new Map(pairs) };
    });
  });
}

/** Equal for equal attributes, in whatever order they were given. */
function attrsKey({ attrs }: Node): string {
  return printAttrs(Object.fromEntries(Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1))));
}
