import type { DType } from './dtype.ts';
import type { Emit } from './op.ts';
import { cast } from './ops/cast.ts';
import { constant } from './ops/constant.ts';
import type { Value } from './value.ts';

/** A constant without axes. */
export function scalar(emit: Emit, dtype: DType, value: number): Value {
  return emit(constant, [], { dtype, shape: [], values: [value] });
}

/** `x` in a dtype; nothing is emitted when it has it already. */
export function castTo(emit: Emit, x: Value, to: DType): Value {
  return x.type.dtype === to ? x : emit(cast, [x], { to });
}
