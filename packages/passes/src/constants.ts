import type { Node } from '@casement/ir';

/** The numbers of a `constant` node; undefined for other nodes. */
export function constantValues(node: Node | undefined): readonly number[] | undefined {
  const values = node?.op.name === 'constant' ? node.attrs.values : undefined;
  // The op's attributes are `values: readonly number[]`; a Node forgets which op's it holds.
  return Array.isArray(values) ? (values as readonly number[]) : undefined;
}
