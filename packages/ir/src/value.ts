import type { TensorType } from './types.ts';

/**
 * An SSA value. Values are compared by identity; `name` is unique within a graph, and is the checkpoint name of a param.
 * A value with `state` set is a version of that state: its first one, or what `append`/`reset` made of it.
 */
export interface Value {
  readonly kind: 'input' | 'param' | 'state' | 'result';
  readonly name: string;
  readonly type: TensorType;
  readonly state?: string;
}
