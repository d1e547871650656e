import { type Dim, namedDim, type TensorType } from '@casement/ir';

/**
 * What the executor knows of its states and a graph must be told, since states at full capacity do not show it:
 *   `lastKey`   i32[batch]        how long each sequence is after the run, minus one (`seqlens_k` in ONNX Runtime)
 *   `total`     i32[1]            the longest of these lengths
 *   `slots`     i64[batch seq 1]  the place in the cache of every new row
 *   `visible`   bool[seq keys+1]  which keys a query may see: all but a last one that is not there
 */
export type GivenKind = 'lastKey' | 'total' | 'slots' | 'visible';

/** An input that the executor computes; `dim` counts the states that it is about, `rows` are those of the entry's tokens. */
export interface GivenInput {
  readonly input: string;
  readonly kind: GivenKind;
  readonly dim: string;
  readonly rows: number | string;
}

const PREFIX: Readonly<Record<GivenKind, string>> = {
  lastKey: 'seqlens_k',
  total: 'total_sequence_length',
  slots: 'cache_slots',
  visible: 'visible',
};

export function givenName(kind: GivenKind, dim: string): string {
  return `${PREFIX[kind]}.${dim}`;
}

export function givenType(kind: GivenKind, dim: string, batch: Dim, queries: Dim): TensorType {
  switch (kind) {
    case 'lastKey':
      return { dtype: 'i32', shape: [batch] };
    case 'total':
      return { dtype: 'i32', shape: [1] };
    case 'slots':
      return { dtype: 'i64', shape: [batch, queries, 1] };
    case 'visible':
      return { dtype: 'bool', shape: [queries, namedDim(`${dim}_and_none`)] };
  }
}
