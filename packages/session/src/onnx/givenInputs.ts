import type { GivenInput } from '@casement/runtime';
import { Tensor } from 'onnxruntime-node';

/** Lengths of one sequence's states before and after a run, by the dims that count them. */
export interface Lengths {
  readonly before: ReadonlyMap<string, number>;
  readonly after: ReadonlyMap<string, number>;
}

/** What a model must be told of the lengths of its states, for the sequences of one run; `queries` are the rows that each brings. */
export function givenTensor({ kind, dim }: GivenInput, sequences: readonly Lengths[], queries: number): Tensor {
  const spans = sequences.map(({ before, after }) => {
    const from = before.get(dim) ?? 0;
    return { from, to: after.get(dim) ?? from };
  });
  switch (kind) {
    case 'lastKey':
      return new Tensor(
        'int32',
        Int32Array.from(spans, ({ to }) => to - 1),
        [spans.length],
      );
    case 'total':
      return new Tensor('int32', Int32Array.of(Math.max(...spans.map(({ to }) => to))), [1]);
    case 'slots': {
      const slots = spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => BigInt(from + i)));
      return new Tensor('int64', BigInt64Array.from(slots), [spans.length, slots.length / spans.length, 1]);
    }
    case 'visible': {
      const keys = (spans[0]?.to ?? 0) + 1;
      const seen = Uint8Array.from({ length: queries * keys }, (_, i) => (i % keys === keys - 1 ? 0 : 1));
      return new Tensor('bool', seen, [queries, keys]);
    }
  }
}
