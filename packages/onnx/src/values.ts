import type { Dim, Origin, Value } from '@casement/ir';
import { mulDims } from '@casement/ir';
import type { Dims } from './dims.ts';
import type { GraphWriter, Tensor } from './graphWriter.ts';

/**
 * How a value stands in the ONNX graph. ONNX's attention and rotary ops want heads merged into rows, caches want heads
 * first; so a value `[batch seq heads size]` may exist as any of
 *   `plain`   as the IR has it
 *   `merged`  [batch seq heads·size]
 *   `heads`   [batch heads seq size]
 */
export type Form = 'plain' | 'merged' | 'heads';

export const HEADS_FIRST = [0, 2, 1, 3] as const;

/**
 * The tensors that values became. A form that nobody asks for is never computed: this is what removes the reshapes
 * around attention.
 */
export class Values {
  private readonly makers = new Map<Value, Map<Form, () => Tensor>>();
  private readonly made = new Map<Value, Map<Form, Tensor>>();
  private readonly origins = new Map<Value, Origin>();

  constructor(
    private readonly writer: GraphWriter,
    private readonly dims: Dims,
    /** Names that the graph's outputs must have. */
    private readonly outputNames: ReadonlyMap<Value, ReadonlyMap<Form, string>>,
  ) {}

  /** Says how to compute a form of a value; it is computed at its first use. */
  define(value: Value, form: Form, make: () => Tensor): void {
    inner(this.makers, value).set(form, make);
    this.origins.set(value, this.writer.origin);
  }

  /** Says that a tensor is a form of a value. */
  set(value: Value, form: Form, tensor: Tensor): void {
    inner(this.made, value).set(form, tensor);
    this.origins.set(value, this.writer.origin);
  }

  /** Whether a form is there or can be computed from nothing but its own definition. */
  has(value: Value, form: Form): boolean {
    return (this.makers.get(value)?.has(form) ?? false) || this.isMade(value, form);
  }

  isMade(value: Value, form: Form): boolean {
    return this.made.get(value)?.has(form) ?? false;
  }

  /** A form of a value, computed at most once. */
  get(value: Value, form: Form): Tensor {
    const forms = inner(this.made, value);
    const known = forms.get(form);
    if (known) return known;
    const make = this.makers.get(value)?.get(form) ?? (() => this.convert(value, form));
    // What is computed late still comes from where the value was defined.
    const { origin } = this.writer;
    this.writer.origin = this.origins.get(value) ?? origin;
    const tensor = make();
    this.writer.origin = origin;
    forms.set(form, tensor);
    return tensor;
  }

  plain(value: Value): Tensor {
    return this.get(value, 'plain');
  }

  /** `result` is another name of `value`, in every form. */
  alias(result: Value, value: Value): void {
    for (const form of ['plain', 'merged', 'heads'] as const) {
      if (form === 'plain' || this.has(value, form)) this.define(result, form, () => this.get(value, form));
    }
  }

  /** The name for a form of a value that is about to be made. */
  nameOf(value: Value, form: Form): string {
    const given = this.outputNames.get(value)?.get(form);
    return given ?? this.writer.names.unique(form === 'plain' ? value.name : `${value.name}.${form}`);
  }

  private convert(value: Value, form: Form): Tensor {
    if (value.kind === 'param' && form === 'plain') return this.writer.param(value);
    const name = () => this.nameOf(value, form);
    if (form === 'merged') return this.reshape(this.plain(value), mergedShape(value.type.shape), name());
    if (form === 'heads') return this.transpose(this.plain(value), HEADS_FIRST, name());
    if (this.has(value, 'merged')) return this.reshape(this.get(value, 'merged'), value.type.shape, name());
    if (this.has(value, 'heads')) return this.transpose(this.get(value, 'heads'), HEADS_FIRST, name());
    throw new RangeError(`value "${value.name}" is used before it is lowered`);
  }

  reshape(tensor: Tensor, shape: readonly Dim[], name: string): Tensor {
    const target = this.dims.reshapeTarget(tensor.type.shape, shape);
    const attrs = target.allowZero ? { allowzero: { int: 1 } } : {};
    const result = { name, type: { dtype: tensor.type.dtype, shape } };
    return this.writer.op('Reshape', [tensor, target.shape], result, { attrs });
  }

  transpose(tensor: Tensor, perm: readonly number[], name: string): Tensor {
    const shape = perm.map((axis) => tensor.type.shape[axis] ?? 1);
    const result = { name, type: { dtype: tensor.type.dtype, shape } };
    return this.writer.op('Transpose', [tensor], result, { attrs: { perm: { ints: perm } } });
  }
}

/** [batch seq heads size] → [batch seq heads·size]. */
export function mergedShape(shape: readonly Dim[]): readonly Dim[] {
  return [...shape.slice(0, 2), mulDims(shape[2] ?? 1, shape[3] ?? 1)];
}

function inner<T>(map: Map<Value, Map<Form, T>>, value: Value): Map<Form, T> {
  const known = map.get(value);
  if (known) return known;
  const created = new Map<Form, T>();
  map.set(value, created);
  return created;
}
