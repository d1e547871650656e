import { type Attrs, isFloat, type Op, ops, type Place, printType, sameDim, type Value } from '@casement/ir';
import { modelError } from './error.ts';
import type { Dim, DType, Shape } from './shape.ts';
import { isTensor, type Operand, type Tensor, traced } from './tensor.ts';
import type { Tracer } from './tracer.ts';

/** Adds a node and returns its result. `S` is what the op's signature promises for `shape`; the sizes are checked. */
export function emit<A extends Attrs, T extends DType, S extends Shape>(
  place: Place | undefined,
  op: Op<A>,
  inputs: readonly Tensor[],
  attrs: A,
  dtype: T,
  shape: Shape,
): Tensor<T, S> {
  const tracer = tracerOf(op.name, inputs, place);
  const values = inputs.map((input) => input[traced].value);
  const value = tracer.emit(op, values, attrs, place, () => describeDims(tracer, inputs));
  return tensorOf(tracer, value, dtype, shape, place);
}

/**
 * A tensor for a value of the graph. Throws ModelError when a dim's name stands for another size than the value has.
 */
export function tensorOf<T extends DType, S extends Shape>(
  tracer: Tracer,
  value: Value,
  dtype: T,
  shape: Shape,
  place: Place | undefined,
): Tensor<T, S> {
  value.type.shape.forEach((size, axis) => {
    const dim = shape[axis] ?? 1;
    const named = tracer.draft.sizes.of(dim, tracer.origin(place));
    if (sameDim(named, size) || tracer.draft.sizes.growing(named)) return;
    const { title } = tracer.draft.sizes;
    const problem = `axis ${axis} of ${value.name} is called "${dim}", but its size is ${size}`;
    throw tracer.error(`${problem}; name it with a dim or an expression of that size`, place, [
      `${value.name}: ${printType(value.type)}, called [${shape.join(' ')}]`,
      typeof named === 'number' ? `${dim} is ${named} in ${title}` : `dims are declared in ${title}`,
    ]);
  });
  // The caller's signature states S; that its sizes are right was just checked.
  return { dtype, shape: shape as S, [traced]: { tracer, value } };
}

/** The names behind the sizes of operands that do not fit, and where these are set. */
function describeDims(tracer: Tracer, inputs: readonly Tensor[]): string {
  const named = inputs.map((input) => `${input[traced].value.name} is [${input.shape.join(' ')}]`);
  const sizes = new Map(
    inputs.flatMap(({ shape, [traced]: { value } }) =>
      shape.map((dim, axis) => [dim, value.type.shape[axis]] as const),
    ),
  );
  const fixed = [...sizes].flatMap(([dim, size]) =>
    typeof dim === 'string' && typeof size === 'number' ? [`${dim}=${size}`] : [],
  );
  return `${named.join(', ')}; ${tracer.draft.sizes.title} sets ${fixed.join(' ')}. If a size is wrong, correct it there or in a signature.`;
}

/** The tracer of the operands. Throws ModelError when one is no tensor, or they come from different entries. */
export function tracerOf(name: string, inputs: readonly unknown[], place: Place | undefined): Tracer {
  const tracer = inputs.find(isTensor)?.[traced].tracer;
  inputs.forEach((input, i) => {
    if (!isTensor(input)) {
      const hint = input === undefined ? '; was it declared with when()?' : '';
      throw modelError(`${name}: operand ${i + 1} is ${String(input)}, no tensor${hint}`, tracer?.scope ?? '', place);
    }
    const { tracer: other, value } = input[traced];
    if (tracer && other !== tracer) {
      throw tracer.error(
        `${name}: operand ${i + 1}, ${value.name}, belongs to entry "${other.graph.name}", not "${tracer.graph.name}"; ` +
          'entries share params and states, declare it in both',
        place,
      );
    }
  });
  if (tracer) return tracer;
  throw modelError(`${name}: needs a tensor, so that it is known which entry to add it to`, '', place);
}

/** Operands as tensors of one dtype: numbers become constants. */
export function toTensors(name: string, operands: readonly Operand[], place: Place | undefined): Tensor[] {
  const numbers = operands.filter((operand) => typeof operand === 'number');
  const tensors = operands.filter((operand) => typeof operand !== 'number');
  const tracer = tracerOf(name, tensors, place);
  // Of condition, x and y it is y that sets the dtype; of a and b, either.
  const like = tensors.at(-1);
  if (like === undefined || numbers.length === 0) return tensors;
  const { dtype } = like[traced].value.type;
  const fraction = numbers.find((number) => !Number.isInteger(number));
  if (fraction !== undefined && !isFloat(dtype)) {
    throw tracer.error(`${name}: ${fraction} is no whole number, but ${dtype} holds no others; cast the tensor`, place);
  }
  return operands.map((operand) => {
    if (typeof operand !== 'number') return operand;
    const value = tracer.emit(ops.constant, [], { dtype, shape: [], values: [operand] }, place);
    return tensorOf(tracer, value, like.dtype, [], place);
  });
}

/** The shape that shapes broadcast to, by name. */
export function joinShapes(shapes: readonly Shape[]): Shape {
  return shapes.reduce((a, b) => {
    const rank = Math.max(a.length, b.length);
    return Array.from({ length: rank }, (_, axis): Dim => {
      const x = a[axis - rank + a.length] ?? 1;
      return x === 1 ? (b[axis - rank + b.length] ?? 1) : x;
    });
  }, []);
}
