import { drawTensor, makeTensor, type seededRandom } from '@casement/ir';
import type { HostTensor, ModelSignature } from '@casement/session';

export type Random = ReturnType<typeof seededRandom>;

/**
 * Inputs of an entry under these sizes: normal pixels and embeddings, ids below the vocabulary, and positions that count
 * from `start` (a patch's row and column do as well: any are allowed).
 */
export function drawInputs(
  { entries, dims }: ModelSignature,
  entry: string,
  sizes: Readonly<Record<string, number>>,
  random: Random,
  start = 0,
): Record<string, HostTensor> {
  const inputs = entries[entry]?.inputs ?? [];
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape: spec, below = 1 }) => {
      const shape = spec.map((size) => (typeof size === 'number' ? size : (sizes[size] ?? dims[size]?.min ?? 1)));
      const count = shape.at(-1) ?? 1;
      if (dtype !== 'i32') return [name, drawTensor('f32', shape, 'normal', random)];
      const isId = name === 'input_ids';
      return [name, makeTensor('i32', shape, (i) => (isId ? Math.floor(random() * below) : start + (i % count)))];
    }),
  );
}
