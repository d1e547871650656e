import {
  type Dim,
  type DimBounds,
  mulDims,
  type SymbolicDim,
  sameDim,
  type TensorType,
  upperBound,
} from '@casement/ir';
import type { GraphWriter, Tensor } from './graphWriter.ts';

const SIZE: TensorType = { dtype: 'i64', shape: [1] };

/** Where a dim's value can be read at run time: the size of a tensor along an axis. */
export interface DimSource {
  readonly tensor: () => Tensor;
  readonly axis: number;
}

/**
 * Sizes as tensors. Each is computed once per graph, from the shapes of inputs, and only when nothing simpler
 * (a number, `Reshape`'s 0 and −1) will do.
 */
export class Dims {
  private readonly made = new Map<string, Tensor>();
  private readonly counted = new Map<string, DimSource>();

  constructor(
    private readonly writer: GraphWriter,
    private readonly bounds: ReadonlyMap<string, DimBounds>,
    private readonly sources: ReadonlyMap<string, DimSource>,
  ) {}

  /** Says where the value of a dim can be read that a node has counted. */
  count(dim: string, source: DimSource): void {
    this.counted.set(dim, source);
  }

  /** The smallest value that a size can have. */
  least(dim: Dim): number {
    return -upperBound(mulDims(dim, -1), this.bounds);
  }

  /** A size as i64[1]. */
  size(dim: Dim): Tensor {
    if (typeof dim === 'number') return this.writer.constant('i64', [1], [dim]);
    return this.once(String(dim), () => (isName(dim) ? this.named(String(dim)) : this.polynomial(dim)));
  }

  /** Sizes as i64[n]. */
  vector(dims: readonly Dim[]): Tensor {
    const fixed = dims.filter((dim) => typeof dim === 'number');
    if (fixed.length === dims.length) return this.writer.constant('i64', [dims.length], fixed);
    const [only] = dims;
    if (only !== undefined && dims.length === 1) return this.size(only);
    const text = dims.map(shortText).join(',');
    return this.once(`[${text}]`, () => {
      const parts = dims.map((dim) => this.size(dim));
      const result = this.writer.fresh(`shape.${text}`, { dtype: 'i64', shape: [dims.length] });
      return this.writer.op('Concat', parts, result, { attrs: { axis: { int: 0 } } });
    });
  }

  /**
   * The second input of `Reshape` from one shape to another, and its attributes: numbers, 0 for a size that stays on
   * its axis and −1 for one more, so that no shape is computed; where they do not suffice, the whole shape.
   */
  reshapeTarget(from: readonly Dim[], to: readonly Dim[]): { shape: Tensor; allowZero: boolean } {
    const entries = to.map((dim, axis) => (typeof dim === 'number' ? dim : sameDim(dim, from[axis] ?? -1) ? 0 : -1));
    const isKept = (axis: number) => entries[axis] === 0 && typeof to[axis] !== 'number';
    const open = entries.filter((entry) => entry === -1).length;
    const keepsEmpty = to.some((dim, axis) => isKept(axis) && this.least(dim) < 1);
    if (to.includes(0) || open > 1 || (open === 1 && keepsEmpty)) return { shape: this.vector(to), allowZero: true };
    return { shape: this.writer.constant('i64', [entries.length], entries), allowZero: false };
  }

  private named(name: string): Tensor {
    const source = this.sources.get(name) ?? this.counted.get(name);
    if (source === undefined) throw new RangeError(`dim "${name}" is the size of no input or state, and not counted`);
    const span = { start: { int: source.axis }, end: { int: source.axis + 1 } };
    return this.writer.op('Shape', [source.tensor()], this.writer.fresh(`dim.${name}`, SIZE), { attrs: span });
  }

  /** Σ coefficient·factors, over the divisor. */
  private polynomial(dim: SymbolicDim): Tensor {
    const combine = (opType: string, a: Tensor, b: Tensor) =>
      this.writer.op(opType, [a, b], this.writer.fresh(`dim.${shortText(dim)}`, SIZE));
    const number = (value: number) => this.writer.constant('i64', [1], [value]);
    const terms = dim.terms.map(({ coefficient, factors }) => {
      const sizes = factors.map((factor) =>
        // What is in a floor is never negative, so that `Div` of integers rounds it down.
        typeof factor === 'string' ? this.once(factor, () => this.named(factor)) : this.size(factor.floor),
      );
      const parts = coefficient === 1 && sizes.length > 0 ? sizes : [...sizes, number(coefficient)];
      return parts.reduce((a, b) => combine('Mul', a, b));
    });
    const sum = terms.reduce((a, b) => combine('Add', a, b));
    return dim.divisor === 1 ? sum : combine('Div', sum, number(dim.divisor));
  }

  private once(key: string, make: () => Tensor): Tensor {
    const known = this.made.get(key);
    if (known) return known;
    const tensor = make();
    this.made.set(key, tensor);
    return tensor;
  }
}

function isName(dim: SymbolicDim): boolean {
  return /^\w+$/.test(String(dim)) && dim.names[0] === String(dim);
}

/** A size without spaces, for names. */
function shortText(dim: Dim): string {
  return String(dim).replaceAll(' ', '');
}
