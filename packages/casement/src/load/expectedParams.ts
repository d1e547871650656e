import { evaluateDim, type Program } from '@casement/ir';
import type { ExpectedParam } from '@casement/weights';

/** What a program wants of a checkpoint. */
export function expectedParams(program: Program): ReadonlyMap<string, ExpectedParam> {
  return new Map(
    [...program.params].map(([name, { type }]) => {
      const shape = type.shape.map((dim) => evaluateDim(dim, new Map()));
      return [name, { dtype: type.dtype, shape }];
    }),
  );
}
