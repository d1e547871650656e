import {
  type Attrs,
  type Dim,
  type DimBounds,
  GraphBuilder,
  namedDim,
  type Op,
  ops,
  productDims,
  type StateDecl,
  scalar,
  upperBound,
  type Value,
} from '@casement/ir';

/** A value and a number that its elements stay below in magnitude, so that results stay comparable between machines. */
export interface Bounded {
  readonly value: Value;
  readonly bound: number;
}

/** The choices of one step: any numbers make a sound program, and smaller ones a simpler one. */
export interface Choice {
  readonly a: number;
  readonly b: number;
  readonly n: number;
}

/** Adds nodes to an entry and returns what later steps may use; undefined when nothing there fits. */
export type Step = (sketch: Sketch, choice: Choice) => Bounded | undefined;

/** Inputs are normal numbers; larger ones than this are not drawn in practice. */
const INPUT_BOUND = 5;
const MAX_BOUND = 20;
const MAX_ELEMENTS = 1500;

export const SEQ = namedDim('seq');
export const PAST = namedDim('past');
const KEPT = namedDim('kept');
export const DIMS: ReadonlyMap<string, DimBounds> = new Map([
  ['seq', { min: 1, max: 6, multipleOf: 1 }],
  ['kept', { min: 0, max: 6, multipleOf: 1 }],
  ['past', { min: 0, max: 24, multipleOf: 1 }],
]);

/** What the entries of a program share. */
export class Shared {
  readonly params = new Map<string, Value>();
  readonly states = new Map<string, StateDecl>();

  /** A weight; steps that ask for the same sizes share it. */
  param(shape: readonly number[], which = 0, dtype: 'f32' | 'u8' = 'f32'): Value {
    const name = `${dtype === 'u8' ? 'b' : 'w'}${which}_${shape.join('x')}`;
    const known = this.params.get(name);
    const value: Value = known ?? { kind: 'param', name, type: { dtype, shape } };
    this.params.set(name, value);
    return value;
  }

  state(name: string, shape: readonly Dim[], axis: number): StateDecl {
    const decl = this.states.get(name) ?? { name, type: { dtype: 'f32', shape }, axis };
    this.states.set(name, decl);
    return decl;
  }
}

/** An entry in the making. */
export class Sketch {
  readonly builder: GraphBuilder;
  private readonly values: Bounded[] = [];
  private readonly inputs = new Map<string, Value>();
  private kept: Value | undefined;

  /** Without `hidden` the entry has no input x. */
  constructor(
    entry: string,
    readonly shared: Shared,
    hidden?: number,
  ) {
    this.builder = new GraphBuilder(entry);
    if (hidden === undefined) return;
    const x = this.builder.input('x', { dtype: 'f32', shape: [1, SEQ, hidden] });
    this.values.push({ value: x, bound: INPUT_BOUND });
  }

  /** Row indices or positions, i32 [1 seq]. */
  get ids(): Value {
    const ids = this.inputs.get('ids') ?? this.builder.input('ids', { dtype: 'i32', shape: [1, SEQ] });
    this.inputs.set('ids', ids);
    return ids;
  }

  /** The rows of which `keep` says so, i32 [kept]: a dim is counted once, so the first call decides for all. */
  keptRows(keep: () => Value): Value {
    this.kept ??= this.emit(ops.nonZero, [keep()], { count: KEPT });
    return this.kept;
  }

  /** The value that a choice names, among those that fit; 0 is the newest. */
  pick(at: number, fits: (value: Value) => boolean = () => true): Bounded | undefined {
    const fitting = this.values.filter(({ value }) => fits(value));
    return fitting[fitting.length - 1 - (at % Math.max(1, fitting.length))];
  }

  emit<A extends Attrs>(op: Op<A>, inputs: readonly Value[], attrs: A): Value {
    return this.builder.emit(op, inputs, attrs);
  }

  number(value: number): Value {
    return scalar(this.builder.emit, 'f32', value);
  }

  /** Offers a result to later steps, unless it grew too large; large numbers are squashed first. */
  add(result: Bounded | undefined): void {
    if (result && isSmall(result.value.type.shape)) this.values.push(this.settled(result));
  }

  settled(result: Bounded): Bounded {
    if (result.bound <= MAX_BOUND) return result;
    return { value: this.emit(ops.tanh, [result.value], {}), bound: 1 };
  }

  /** Up to three results, the newest first. */
  newest(): readonly Value[] {
    return this.values.slice(-3).reverse().map(({ value }) => value); // biome-ignore format: one line
  }
}

/** Whether a tensor of this shape stays small for every binding. */
export function isSmall(shape: readonly Dim[]): boolean {
  return upperBound(productDims(shape), DIMS) <= MAX_ELEMENTS;
}

export function lastDim(value: Value): Dim | undefined {
  return value.type.shape.at(-1);
}

/** Sizes that fit no workgroup, one among them. */
export const SIZES = [4, 1, 2, 3, 6, 8] as const;

/** An element of a list by any number. */
export function choose<T>(list: readonly T[], at: number): T {
  const item = list[at % list.length];
  if (item === undefined) throw new RangeError('nothing to choose from');
  return item;
}
