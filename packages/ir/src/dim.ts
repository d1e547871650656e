/**
 * A size: a whole number, or a polynomial over named dims and floors with one integer divisor (`past + seq`, `h*w/4`,
 * `floor(height/4)*8`). A fraction such as 3/2 is a polynomial without names: no binding makes it a size, and `isWhole`
 * is false. Symbolic dims are canonical: equal texts are equal sizes, and without floors different texts differ for some
 * binding.
 */
export type Dim = number | SymbolicDim;

interface Term {
  readonly coefficient: number;
  /** Sorted by their texts, repeated for powers. */
  readonly factors: readonly DimFactor[];
}

/** A named dim, or the largest whole number that is not above a fraction whose coefficients are positive. */
export type DimFactor = string | { readonly floor: SymbolicDim };

export class SymbolicDim {
  /** Use the functions below; they return a plain number where the dim is one. */
  constructor(
    readonly terms: readonly Term[],
    readonly divisor: number,
  ) {}

  toString(): string {
    const sum = this.terms.map((term, index) => printTerm(term, index === 0)).join('');
    if (this.divisor === 1) return sum;
    return this.terms.length === 1 ? `${sum}/${this.divisor}` : `(${sum})/${this.divisor}`;
  }

  /** The names this size depends on, each once. */
  get names(): readonly string[] {
    const namesIn = (factor: DimFactor) => (typeof factor === 'string' ? [factor] : factor.floor.names);
    return [...new Set(this.terms.flatMap((term) => term.factors.flatMap(namesIn)))];
  }
}

/** Bounds of a named dim; every binding is a multiple of `multipleOf`. */
export interface DimBounds {
  readonly min: number;
  readonly max: number;
  readonly multipleOf: number;
}

export type DimBindings = ReadonlyMap<string, number>;

/**
 * Whether a size (or an attribute) is symbolic. Structural, because a user's model may be built by another copy of this
 * module than the one that compiles it.
 */
export function isSymbolic(value: unknown): value is SymbolicDim {
  return typeof value === 'object' && value !== null && 'terms' in value && 'divisor' in value;
}

export function namedDim(name: string): Dim {
  return new SymbolicDim([{ coefficient: 1, factors: [name] }], 1);
}

export function addDims(a: Dim, b: Dim): Dim {
  const [x, y] = [polynomial(a), polynomial(b)];
  return canonical([...scale(x.terms, y.divisor), ...scale(y.terms, x.divisor)], x.divisor * y.divisor);
}

export function subDims(a: Dim, b: Dim): Dim {
  return addDims(a, mulDims(b, -1));
}

export function mulDims(a: Dim, b: Dim): Dim {
  const [x, y] = [polynomial(a), polynomial(b)];
  const terms = x.terms.flatMap((s) =>
    y.terms.map((t) => ({
      coefficient: s.coefficient * t.coefficient,
      factors: [...s.factors, ...t.factors].sort((f, g) => (factorText(f) < factorText(g) ? -1 : 1)),
    })),
  );
  return canonical(terms, x.divisor * y.divisor);
}

/**
 * Exact quotient, or `undefined` when `b` is zero or a sum that is not a factor of `a`. That the result is a whole
 * number is a claim about bindings: check it with `isWhole`.
 */
export function divDims(a: Dim, b: Dim): Dim | undefined {
  if (sameDim(a, b) && b !== 0) return 1;
  const [x, y] = [polynomial(a), polynomial(b)];
  const [by, ...rest] = y.terms;
  if (by === undefined || rest.length > 0) return undefined;
  const terms: Term[] = [];
  for (const term of x.terms) {
    const factors = [...term.factors];
    for (const factor of by.factors) {
      const at = factors.findIndex((other) => factorText(other) === factorText(factor));
      if (at < 0) return undefined;
      factors.splice(at, 1);
    }
    terms.push({ coefficient: term.coefficient * y.divisor * Math.sign(by.coefficient), factors });
  }
  return canonical(terms, x.divisor * Math.abs(by.coefficient));
}

/** The largest whole number that is not above a size: `floorDim(h/4)`. Whole sizes stay as they are. */
export function floorDim(dim: Dim): Dim {
  if (typeof dim === 'number' || dim.divisor === 1) return dim;
  // What the divisor goes into leaves the floor; what stays has coefficients from 0 to divisor − 1.
  const { terms, divisor } = dim;
  const quotient = (coefficient: number) => Math.floor(coefficient / divisor);
  const whole = mapCoefficients(terms, quotient);
  const rest = mapCoefficients(terms, (coefficient) => coefficient - divisor * quotient(coefficient));
  // ⌊(g·x + c)/(g·d)⌋ is ⌊(x + ⌊c/g⌋)/d⌋.
  const variable = rest.filter(({ factors }) => factors.length > 0);
  const common = variable.reduce((soFar, { coefficient }) => gcd(soFar, coefficient), divisor);
  const reduced = mapCoefficients(rest, (coefficient) => Math.floor(coefficient / common));
  const inner = variable.length === 0 ? 0 : canonical(reduced, divisor / common);
  return addDims(canonical(whole, 1), typeof inner === 'number' ? 0 : floorFactor(inner));
}

/** ⌊(⌊x/a⌋ + c)/b⌋ is ⌊(x + c·a)/(a·b)⌋; other floors are factors of their own. */
function floorFactor(dim: SymbolicDim): Dim {
  if (dim.divisor === 1) return dim;
  const [first, constant, ...more] = dim.terms;
  const [only, ...others] = first?.factors ?? [];
  const isOne = typeof only === 'object' && others.length === 0 && first?.coefficient === 1 && more.length === 0;
  if (!isOne || (constant && constant.factors.length > 0)) {
    return new SymbolicDim([{ coefficient: 1, factors: [{ floor: dim }] }], 1);
  }
  const numerator = addDims(mulDims(only.floor, only.floor.divisor), (constant?.coefficient ?? 0) * only.floor.divisor);
  return floorDim(divDims(numerator, only.floor.divisor * dim.divisor) ?? 0); // numbers divide every size
}

export function sumDims(dims: readonly Dim[]): Dim {
  return dims.reduce(addDims, 0);
}

export function productDims(dims: readonly Dim[]): Dim {
  return dims.reduce(mulDims, 1);
}

export function sameDim(a: Dim, b: Dim): boolean {
  return a === b || String(a) === String(b);
}

/** Value under a binding. Throws when a name is unbound or the size is no whole number ≥ 0. */
export function evaluateDim(dim: Dim, bindings: DimBindings): number {
  const value = evaluateTerms(dim, bindings);
  if (Number.isInteger(value) && value >= 0) return value;
  const names = typeof dim === 'number' ? [] : dim.names;
  const values = names.map((name) => `${name}=${bindings.get(name)}`).join(', ');
  const why = values ? ` is ${value} for ${values}` : '';
  throw new RangeError(`size ${dim}${why}; sizes are whole numbers, zero or more`);
}

/** An upper bound over all bindings within the bounds. Throws when a name is not declared. */
export function upperBound(dim: Dim, bounds: ReadonlyMap<string, DimBounds>): number {
  if (typeof dim === 'number') return dim;
  const extreme = ({ coefficient, factors }: Term): number =>
    factors.reduce((product, factor) => product * factorBound(factor, bounds, coefficient > 0), coefficient);
  return Math.floor(dim.terms.reduce((sum, term) => sum + extreme(term), 0) / dim.divisor);
}

/** The largest value of a factor, or the smallest. */
function factorBound(factor: DimFactor, bounds: ReadonlyMap<string, DimBounds>, largest: boolean): number {
  if (typeof factor === 'string') {
    const bound = bounds.get(factor);
    if (bound === undefined) throw new RangeError(`dim "${factor}" is not declared`);
    return largest ? bound.max : bound.min;
  }
  // The coefficients in a floor are positive, so it is largest and smallest where its factors are.
  const { terms, divisor } = factor.floor;
  const product = ({ coefficient, factors }: Term) =>
    factors.reduce((value, inner) => value * factorBound(inner, bounds, largest), coefficient);
  return Math.floor(terms.reduce((sum, term) => sum + product(term), 0) / divisor);
}

/** Whether the size is a whole number for every binding that the bounds allow. */
export function isWhole(dim: Dim, bounds: ReadonlyMap<string, DimBounds>): boolean {
  if (typeof dim === 'number') return Number.isInteger(dim);
  return dim.terms.every((term) => {
    const multiple = term.factors.reduce((product, factor) => product * multipleOf(factor, bounds), 1);
    return (term.coefficient * multiple) % dim.divisor === 0;
  });
}

function multipleOf(factor: DimFactor, bounds: ReadonlyMap<string, DimBounds>): number {
  return typeof factor === 'string' ? (bounds.get(factor)?.multipleOf ?? 1) : 1;
}

/** Replaces names by dims: `substituteDim(past + seq, {seq: 4})` is `past + 4`. */
export function substituteDim(dim: Dim, replacements: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === 'number') return dim;
  const replace = (factor: DimFactor): Dim =>
    typeof factor === 'string'
      ? (replacements.get(factor) ?? namedDim(factor))
      : floorDim(substituteDim(factor.floor, replacements));
  const terms = dim.terms.map((term) =>
    term.factors.reduce<Dim>((product, factor) => mulDims(product, replace(factor)), term.coefficient),
  );
  const sum = polynomial(sumDims(terms));
  return canonical(sum.terms, sum.divisor * dim.divisor);
}

function evaluateTerms(dim: Dim, bindings: DimBindings): number {
  if (typeof dim === 'number') return dim;
  const factorValue = (factor: DimFactor) => {
    if (typeof factor !== 'string') return Math.floor(evaluateTerms(factor.floor, bindings));
    const bound = bindings.get(factor);
    if (bound === undefined) throw new RangeError(`dim "${factor}" of size ${dim} has no value`);
    return bound;
  };
  const product = (term: Term) => term.factors.reduce((value, factor) => value * factorValue(factor), term.coefficient);
  return dim.terms.reduce((sum, term) => sum + product(term), 0) / dim.divisor;
}

function polynomial(dim: Dim): SymbolicDim {
  if (typeof dim !== 'number') return dim;
  if (!Number.isInteger(dim)) throw new RangeError(`${dim} is not a size; sizes are whole numbers`);
  return new SymbolicDim(dim === 0 ? [] : [{ coefficient: dim, factors: [] }], 1);
}

function scale(terms: readonly Term[], by: number): Term[] {
  return mapCoefficients(terms, (coefficient) => coefficient * by);
}

function mapCoefficients(terms: readonly Term[], change: (coefficient: number) => number): Term[] {
  return terms.map((term) => ({ ...term, coefficient: change(term.coefficient) }));
}

function canonical(terms: readonly Term[], divisor: number): Dim {
  const merged = new Map<string, Term>();
  for (const term of terms) {
    const key = term.factors.map(factorText).join('*');
    const coefficient = (merged.get(key)?.coefficient ?? 0) + term.coefficient;
    merged.set(key, { coefficient, factors: term.factors });
  }
  const kept = [...merged.entries()]
    .filter(([, term]) => term.coefficient !== 0)
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
    .map(([, term]) => term);
  if (kept.length === 0) return 0;
  const common = kept.reduce((divisorSoFar, term) => gcd(divisorSoFar, term.coefficient), divisor);
  const reduced = kept.map((term) => ({ ...term, coefficient: term.coefficient / common }));
  const [only] = reduced;
  if (reduced.length === 1 && only?.factors.length === 0 && divisor === common) return only.coefficient;
  return new SymbolicDim(reduced, divisor / common);
}

function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

function printTerm(term: Term, first: boolean): string {
  const sign = term.coefficient < 0 ? (first ? '-' : ' - ') : first ? '' : ' + ';
  const size = Math.abs(term.coefficient);
  const texts = term.factors.map(factorText);
  return sign + (size === 1 && texts.length > 0 ? texts : [size, ...texts]).join('*');
}

function factorText(factor: DimFactor): string {
  return typeof factor === 'string' ? factor : `floor(${factor.floor})`;
}
