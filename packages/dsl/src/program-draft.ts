import {
  type FloatDType,
  type Graph,
  type Origin,
  type Place,
  type Program,
  printPlace,
  printType,
  type StateDecl,
  type DType as StoredDType,
  sameType,
  type TensorType,
  tensorType,
  type Value,
} from '@casement/ir';
import { modelError } from './error.ts';
import type { SignatureParts } from './parse-signature.ts';
import type { DType } from './shape.ts';
import type { Sizes } from './sizes.ts';

interface Known<D> {
  readonly declaration: D;
  readonly type: TensorType;
  readonly place: Place | undefined;
}

/** The program that a build is making: the params and states declared so far, which its entries share. */
export class ProgramDraft {
  private readonly params = new Map<string, Known<Value>>();
  private readonly states = new Map<string, Known<StateDecl>>();

  constructor(
    readonly name: string,
    readonly sizes: Sizes,
    private readonly dtype: FloatDType,
  ) {}

  /** The dtype that is stored for `dtype`: `float` is the build's. */
  storedDType(dtype: DType): StoredDType {
    return dtype === 'float' ? this.dtype : dtype;
  }

  typeOf({ dtype, dims }: Pick<SignatureParts, 'dtype' | 'dims'>, origin: Origin): TensorType {
    return tensorType(
      this.storedDType(dtype),
      dims.map((dim) => this.sizes.of(dim, origin)),
    );
  }

  /** The param of that name. Throws ModelError when its sizes are not fixed, or it was declared with another type. */
  param(name: string, parts: SignatureParts, origin: Origin): Value {
    const type = this.typeOf(parts, origin);
    const open = type.shape.findIndex((size) => typeof size !== 'number');
    if (open >= 0 || parts.rest || parts.kind === 'kv') {
      const dim = parts.rest ? '...' : (parts.dims[open] ?? 'kv');
      throw modelError(
        `param "${name}": ${parts.text}: the sizes of a param are fixed, "${dim}" is not; give it a number in dims`,
        origin.scope,
        origin.place,
      );
    }
    return this.declare(this.params, 'param', name, type, origin, () => ({ kind: 'param', name, type }));
  }

  /** The state of that name. Throws ModelError when it does not grow, or it was declared with another type. */
  state(name: string, parts: SignatureParts, origin: Origin): StateDecl {
    const type = this.typeOf(parts, origin);
    const axes = parts.dims.flatMap((dim, axis) => (this.sizes.isCapacity(dim) ? [axis] : []));
    const [axis] = axes;
    if (axis === undefined || axes.length > 1 || type.shape.some((size, i) => i !== axis && typeof size !== 'number')) {
      throw modelError(
        `state "${name}": ${parts.text}: exactly one dim of a state is a capacity, such as past: capacity(4096); ` +
          'the others are numbers',
        origin.scope,
        origin.place,
        [`these sizes are ${printType(type)}`],
      );
    }
    return this.declare(this.states, 'state', name, type, origin, () => ({ name, type, axis }));
  }

  finish(entries: readonly Graph[]): Program {
    const declarations = <D>(from: ReadonlyMap<string, Known<D>>): Map<string, D> =>
      new Map([...from].map(([name, { declaration }]) => [name, declaration]));
    return {
      name: this.name,
      dims: this.sizes.bounds(),
      params: declarations(this.params),
      states: declarations(this.states),
      entries: new Map(entries.map((graph) => [graph.name, graph])),
    };
  }

  private declare<D>(
    known: Map<string, Known<D>>,
    what: 'param' | 'state',
    name: string,
    type: TensorType,
    { scope, place }: Origin,
    make: () => D,
  ): D {
    const before = known.get(name);
    if (before === undefined) {
      const declaration = make();
      known.set(name, { declaration, type, place });
      return declaration;
    }
    if (sameType(before.type, type)) return before.declaration;
    const first = before.place ? `, at ${printPlace(before.place)}` : '';
    throw modelError(`${what} "${name}" is declared twice with different types; rename one of them`, scope, place, [
      `first ${printType(before.type)}${first}`,
      `here ${printType(type)}`,
    ]);
  }
}
