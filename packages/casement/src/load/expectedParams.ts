import { evaluateDim, type Program, type Value } from '@casement/ir';
import type { QuantizedParam } from '@casement/passes';
import type { ExpectedParam } from '@casement/weights';

/** What a program wants of a checkpoint: its params, and in place of the parts of a quantised weight that weight. */
export function expectedParams(
  program: Program,
  quantized: ReadonlyMap<string, QuantizedParam> = new Map(),
): ReadonlyMap<string, ExpectedParam> {
  const whole = new Map<string, Value | undefined>();
  for (const { weight, parts } of quantized.values()) {
    whole.set(parts.packed.name, weight);
    for (const part of [parts.scales, ...(parts.zeros ? [parts.zeros] : [])]) whole.set(part.name, undefined);
  }
  const wanted = [...program.params.values()].flatMap(
    (param) => (whole.has(param.name) ? whole.get(param.name) : param) ?? [],
  );
  return new Map(
    wanted.map(({ name, type }) => {
      const shape = type.shape.map((dim) => evaluateDim(dim, new Map()));
      return [name, { dtype: type.dtype, shape }];
    }),
  );
}
