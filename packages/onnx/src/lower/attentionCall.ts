import type { AttentionAttrs, Dim, Node, Value } from '@casement/ir';
import type { Tensor } from '../graphWriter.ts';

/** An attention node with what the choice of its form depends on. */
export interface AttentionCall extends AttentionAttrs {
  readonly node: Node;
  /** The dim that counts the keys' state; '' when they are no state. */
  readonly dim: string;
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly heads: number;
  readonly kvHeads: number;
  readonly queries: Dim;
  readonly keys: Dim;
  /** Bool that broadcasts to [batch heads queries keys]. */
  readonly mask: Value | undefined;
  /** What the result is named and looks like: rows with merged heads. */
  readonly result: Tensor;
}

/** Rows that attention itself adds to a cache. */
export interface Appended {
  readonly past: readonly [Tensor, Tensor];
  readonly rows: () => readonly [Tensor, Tensor];
  /** The cache afterwards. */
  readonly present: readonly [Tensor, Tensor];
}
