import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDims,
  type Dim,
  type DimBounds,
  type DimFactor,
  divDims,
  evaluateDim,
  floorDim,
  isWhole,
  mulDims,
  namedDim,
  productDims,
  SymbolicDim,
  sameDim,
  subDims,
  substituteDim,
  sumDims,
  upperBound,
} from './dim.ts';
import { parseDim } from './parse-dim.ts';
import { printShape } from './types.ts';

const NAMES = ['past', 'seq', 'h', 'w'] as const;

/** A size as an expression, so that it can be computed in two ways. */
type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'add' | 'sub' | 'mul'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'div'; readonly left: Expression; readonly by: number }
  | { readonly kind: 'floor'; readonly left: Expression; readonly by: number };

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ kind: fc.constant('number' as const), value: fc.integer({ min: -9, max: 60 }) }),
    fc.record({ kind: fc.constant('name' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({
      kind: fc.constantFrom('add' as const, 'sub' as const, 'mul' as const),
      left: tie('expression'),
      right: tie('expression'),
    }),
    fc.record({ kind: fc.constant('div' as const), left: tie('expression'), by: fc.integer({ min: 1, max: 60 }) }),
  ),
}));

const binding = fc
  .tuple(...NAMES.map((name) => fc.integer({ min: 0, max: 40 }).map((value) => [name, value] as const)))
  .map((entries) => new Map(entries));

function symbolic(e: Expression): Dim {
  if (e.kind === 'number') return e.value;
  if (e.kind === 'name') return namedDim(e.name);
  if (e.kind === 'div' || e.kind === 'floor') {
    const quotient = divDims(symbolic(e.left), e.by) ?? expect.fail('numbers divide every size');
    return e.kind === 'div' ? quotient : floorDim(quotient);
  }
  return { add: addDims, sub: subDims, mul: mulDims }[e.kind](symbolic(e.left), symbolic(e.right));
}

function numeric(e: Expression, bindings: ReadonlyMap<string, number>): number {
  if (e.kind === 'number') return e.value;
  if (e.kind === 'name') return bindings.get(e.name) ?? Number.NaN;
  const left = numeric(e.left, bindings);
  if (e.kind === 'div') return left / e.by;
  if (e.kind === 'floor') return Math.floor(left / e.by);
  const right = numeric(e.right, bindings);
  return e.kind === 'add' ? left + right : e.kind === 'sub' ? left - right : left * right;
}

/** The value of a size that may be a fraction or negative, which `evaluateDim` refuses. */
function rawValue(dim: Dim, bindings: ReadonlyMap<string, number>): number {
  if (typeof dim === 'number') return dim;
  const factorValue = (factor: DimFactor) =>
    typeof factor === 'string' ? (bindings.get(factor) ?? 0) : Math.floor(rawValue(factor.floor, bindings));
  const terms = dim.terms.map((t) => t.factors.reduce((value, factor) => value * factorValue(factor), t.coefficient));
  return terms.reduce((a, b) => a + b, 0) / dim.divisor;
}

const dims = expression.map(symbolic);

describe('arithmetic', () => {
  it('agrees with numbers', () => {
    fc.assert(
      fc.property(expression, binding, (e, bindings) => {
        const expected = numeric(e, bindings);
        expect(rawValue(symbolic(e), bindings)).toBeCloseTo(expected, Math.abs(expected) > 1e6 ? -3 : 6);
      }),
    );
  });

  it('is a commutative ring', () => {
    fc.assert(
      fc.property(dims, dims, dims, (a, b, c) => {
        const same = (x: Dim, y: Dim) => expect(String(x)).toBe(String(y));
        same(addDims(a, b), addDims(b, a));
        same(mulDims(a, b), mulDims(b, a));
        same(addDims(addDims(a, b), c), addDims(a, addDims(b, c)));
        same(mulDims(mulDims(a, b), c), mulDims(a, mulDims(b, c)));
        same(mulDims(a, addDims(b, c)), addDims(mulDims(a, b), mulDims(a, c)));
        same(addDims(a, 0), a);
        same(mulDims(a, 1), a);
        same(subDims(a, a), 0);
        same(sumDims([a, b, c]), addDims(a, addDims(b, c)));
        same(productDims([a, b, c]), mulDims(a, mulDims(b, c)));
      }),
    );
  });

  it('undoes multiplication by division', () => {
    fc.assert(
      fc.property(dims, fc.integer({ min: 1, max: 99 }), fc.constantFrom(...NAMES), (a, by, name) => {
        const quotient = divDims(mulDims(a, by), by);
        expect(String(quotient)).toBe(String(a));
        const product = mulDims(a, mulDims(by, namedDim(name)));
        expect(String(divDims(product, mulDims(by, namedDim(name))))).toBe(String(a));
        expect(String(divDims(mulDims(a, -by), -by))).toBe(String(a));
      }),
    );
  });

  it('is a plain number whenever no name is left', () => {
    expect(subDims(parseDim('past + seq'), namedDim('past'))).toEqual(namedDim('seq'));
    expect(subDims(parseDim('past + 3'), namedDim('past'))).toBe(3);
    expect(mulDims(namedDim('seq'), 0)).toBe(0);
    expect(divDims(parseDim('4*seq'), namedDim('seq'))).toBe(4);
    expect(divDims(parseDim('past + seq'), parseDim('seq + past'))).toBe(1);
    expect(divDims(0, namedDim('seq'))).toBe(0);
  });

  it('does not divide by zero, or by a sum that is no factor', () => {
    expect(divDims(6, 0)).toBeUndefined();
    expect(divDims(namedDim('seq'), 0)).toBeUndefined();
    expect(divDims(0, 0)).toBeUndefined();
    expect(divDims(namedDim('seq'), parseDim('past + 1'))).toBeUndefined();
    expect(divDims(namedDim('seq'), namedDim('past'))).toBeUndefined();
  });

  it('refuses what is no size', () => {
    expect(() => addDims(Number.NaN, 1)).toThrow('NaN is not a size; sizes are whole numbers');
    expect(() => mulDims(Number.POSITIVE_INFINITY, 2)).toThrow('Infinity is not a size');
    expect(() => addDims(Math.PI, 1)).toThrow('3.141592653589793 is not a size');
  });
});

/** Sums and floors of whole sizes, small enough that numbers compute them exactly. */
const { floored } = fc.letrec<{ floored: Expression }>((tie) => ({
  floored: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({ kind: fc.constant('number' as const), value: fc.integer({ min: -9, max: 60 }) }),
    fc.record({ kind: fc.constant('name' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({ kind: fc.constantFrom('add' as const, 'sub' as const), left: tie('floored'), right: tie('floored') }),
    fc.record({ kind: fc.constant('floor' as const), left: tie('floored'), by: fc.integer({ min: 1, max: 9 }) }),
  ),
}));

describe('floors', () => {
  it('agree with numbers, whatever is in them', () => {
    fc.assert(
      fc.property(floored, binding, (e, bindings) => {
        expect(rawValue(symbolic(e), bindings)).toBe(numeric(e, bindings));
      }),
    );
  });

  it('hold nothing negative', () => {
    const coefficients = (dim: Dim): readonly number[] =>
      typeof dim === 'number'
        ? []
        : dim.terms.flatMap(({ factors }) =>
            factors.flatMap((factor) =>
              typeof factor === 'string'
                ? []
                : [...factor.floor.terms.map((term) => term.coefficient), ...coefficients(factor.floor)],
            ),
          );
    fc.assert(fc.property(floored, (e) => coefficients(symbolic(e)).every((value) => value > 0)));
  });

  it('survive printing and parsing', () => {
    fc.assert(
      fc.property(floored, (e) => {
        const dim = symbolic(e);
        expect(parseDim(String(dim))).toEqual(dim);
        expect(parseDim(printShape([dim]).slice(1, -1))).toEqual(dim);
      }),
    );
  });

  it.each([
    ['floor(h/4)', 'floor(h/4)'],
    ['floor((h - 4)/4) + 1', 'floor(h/4)'],
    ['floor((4*h + 7)/4)', 'h + 1'],
    ['floor((2*h + 3)/4)', 'floor((h + 1)/2)'],
    ['floor(floor(h/4)/2)', 'floor(h/8)'],
    ['floor((floor((h - 4)/4) + 1 - 2)/2) + 1', 'floor(h/8)'],
    ['floor((h + w)/2)*2', '2*floor((h + w)/2)'],
    ['floor(w/2)*floor(h/2)', 'floor(h/2)*floor(w/2)'],
    ['floor(-h/2)', 'floor(h/2) - h'],
    ['floor(7/2) + floor(seq)', 'seq + 3'],
    ['6*floor(h/4)/4', '3*floor(h/4)/2'],
    ['floor(3*floor(h/4)/2)', 'floor(h/4) + floor(h/8)'],
  ])('%s is %s', (text, canonical) => {
    expect(String(parseDim(text))).toBe(canonical);
  });

  it('divide, are bounded, whole and replaced like names', () => {
    const bounds = new Map([['h', { min: 3, max: 30, multipleOf: 1 }]]);
    const size = parseDim('8*floor((h + 1)/4)');
    expect(String(divDims(size, 4))).toBe('2*floor((h + 1)/4)');
    expect(String(divDims(size, parseDim('floor((h + 1)/4)')))).toBe('8');
    expect(divDims(size, namedDim('h'))).toBeUndefined();
    expect(upperBound(size, bounds)).toBe(56);
    expect(upperBound(subDims(0, size), bounds)).toBe(-8);
    expect(isWhole(size, bounds)).toBe(true);
    expect(isWhole(parseDim('floor(h/4)/2'), bounds)).toBe(false);
    expect(substituteDim(size, new Map([['h', 9]]))).toBe(16);
    expect(String(substituteDim(size, new Map([['h', parseDim('4*w')]])))).toBe('8*w');
    expect(evaluateDim(size, new Map([['h', 9]]))).toBe(16);
    expect(() => evaluateDim(size, new Map())).toThrow('dim "h" of size (h + 1)/4 has no value');
    expect(size instanceof SymbolicDim && size.names).toEqual(['h']);
  });

  it('stay a name where nothing is called', () => {
    expect(String(parseDim('floor + 1'))).toBe('floor + 1');
    expect(() => parseDim('ceil(h/4)')).toThrow('expected an operator or the end at column 5, found "("');
    expect(() => parseDim('floor(h/4')).toThrow('expected ")" at column 10, found the end');
  });
});

describe('canonical form', () => {
  it.each([
    ['seq + past', 'past + seq'],
    ['w*h/4', 'h*w/4'],
    ['2*h*w/8', 'h*w/4'],
    ['(4*h + 8)/4', 'h + 2'],
    ['(h + w)/2 + (h - w)/2', 'h'],
    ['h*w/4 + 1', '(h*w + 4)/4'],
    ['h/4 + w/6', '(3*h + 2*w)/12'],
    ['3 - seq', '-seq + 3'],
    ['-h*w/4', '-h*w/4'],
    ['(1 + h)*(1 - h)', '-h*h + 1'],
    ['98*h/98', 'h'],
    ['3/2*h', '3*h/2'],
    ['7/14', '1/2'],
    ['7/14 + 3/2', '2'],
    ['(h + 1)/49 - h/49 + w/49', '(w + 1)/49'],
  ])('%s is %s', (text, canonical) => {
    expect(String(parseDim(text))).toBe(canonical);
  });

  it('makes equal sizes equal texts', () => {
    expect(sameDim(parseDim('h*w/4'), parseDim('w*(h/4)'))).toBe(true);
    expect(sameDim(parseDim('h*w/4'), parseDim('h*w/2'))).toBe(false);
    expect(sameDim(4, parseDim('2*2'))).toBe(true);
  });

  it('lists the names a size depends on, each once', () => {
    const dim = parseDim('(h*h*w + seq)/4');
    expect(dim instanceof SymbolicDim && dim.names).toEqual(['h', 'w', 'seq']);
  });

  it('survives printing and parsing, also without spaces', () => {
    fc.assert(
      fc.property(dims, (dim) => {
        expect(parseDim(String(dim))).toEqual(dim);
        expect(parseDim(printShape([dim]).slice(1, -1))).toEqual(dim);
      }),
    );
  });
});

describe('evaluateDim', () => {
  const bindings = new Map([
    ['h', 3],
    ['w', 5],
    ['seq', 4],
  ]);

  it('gives whole numbers, zero or more', () => {
    expect(evaluateDim(parseDim('(h*w + 1)/4'), bindings)).toBe(4);
    expect(evaluateDim(parseDim('seq - h - 1'), bindings)).toBe(0);
    expect(evaluateDim(7, bindings)).toBe(7);
  });

  it('refuses numbers that are no sizes', () => {
    expect(() => evaluateDim(-1, bindings)).toThrow('size -1; sizes are whole numbers, zero or more');
    expect(() => evaluateDim(0.5, bindings)).toThrow('size 0.5; sizes');
  });

  it('says which size and which values are at fault', () => {
    expect(() => evaluateDim(parseDim('h*w/4'), bindings)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: size h*w/4 is 3.75 for h=3, w=5; sizes are whole numbers, zero or more]`,
    );
    expect(() => evaluateDim(parseDim('h - w'), bindings)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: size h - w is -2 for h=3, w=5; sizes are whole numbers, zero or more]`,
    );
    expect(() => evaluateDim(parseDim('3/2'), bindings)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: size 3/2; sizes are whole numbers, zero or more]`,
    );
    expect(() => evaluateDim(parseDim('past + seq'), bindings)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: dim "past" of size past + seq has no value]`,
    );
  });
});

describe('bounds', () => {
  const bounds = new Map<string, DimBounds>([
    ['past', { min: 2, max: 100, multipleOf: 1 }],
    ['seq', { min: 1, max: 16, multipleOf: 1 }],
    ['h', { min: 2, max: 64, multipleOf: 2 }],
    ['w', { min: 2, max: 40, multipleOf: 2 }],
  ]);
  const allowed = fc
    .record({
      past: fc.integer({ min: 2, max: 100 }),
      seq: fc.integer({ min: 1, max: 16 }),
      h: fc.integer({ min: 1, max: 32 }).map((half) => 2 * half),
      w: fc.integer({ min: 1, max: 20 }).map((half) => 2 * half),
    })
    .map((record) => new Map(Object.entries(record)));

  it('bound every value from above', () => {
    expect(upperBound(parseDim('past + seq'), bounds)).toBe(116);
    expect(upperBound(parseDim('past - seq'), bounds)).toBe(99);
    expect(upperBound(parseDim('h*w/4'), bounds)).toBe(640);
    expect(upperBound(parseDim('past/3'), bounds)).toBe(33);
    expect(upperBound(9, bounds)).toBe(9);
    fc.assert(
      fc.property(dims, allowed, (dim, bindings) => {
        // One beyond covers the rounding of fractions, which no size has.
        expect(rawValue(dim, bindings)).toBeLessThan(upperBound(dim, bounds) + 1);
      }),
    );
  });

  it('say whether a size is whole', () => {
    expect(isWhole(parseDim('h*w/4'), bounds)).toBe(true);
    expect(isWhole(parseDim('h*w/8'), bounds)).toBe(false);
    expect(isWhole(parseDim('h/2 + w/2'), bounds)).toBe(true);
    expect(isWhole(parseDim('seq/2'), bounds)).toBe(false);
    expect(isWhole(3, bounds)).toBe(true);
    expect(isWhole(1.5, bounds)).toBe(false);
    expect(isWhole(parseDim('3/2'), bounds)).toBe(false);
    fc.assert(
      fc.property(dims, allowed, (dim, bindings) => {
        if (isWhole(dim, bounds)) expect(Number.isInteger(rawValue(dim, bindings))).toBe(true);
      }),
    );
  });

  it('name a dim that is not declared', () => {
    expect(() => upperBound(parseDim('rows*2'), bounds)).toThrow('dim "rows" is not declared');
  });
});

describe('substituteDim', () => {
  it('replaces names by sizes', () => {
    expect(String(substituteDim(parseDim('past + seq'), new Map([['seq', 4]])))).toBe('past + 4');
    expect(substituteDim(parseDim('h*w/4'), new Map<string, Dim>([['h', 4], ['w', 6]]))).toBe(6); // biome-ignore format: a row
    expect(String(substituteDim(parseDim('h*w/49'), new Map([['h', parseDim('7*seq')]])))).toBe('seq*w/7');
    expect(substituteDim(5, new Map([['h', 4]]))).toBe(5);
  });

  it('is evaluation when every name has a number', () => {
    fc.assert(
      fc.property(dims, binding, (dim, bindings) => {
        const value = rawValue(substituteDim(dim, bindings), new Map());
        expect(value).toBeCloseTo(rawValue(dim, bindings), 6);
      }),
    );
  });
});

describe('parseDim', () => {
  it('takes sizes from a configuration', () => {
    const sizes = new Map([['ffn', 96]]);
    expect(parseDim('2*ffn', (name) => sizes.get(name) ?? namedDim(name))).toBe(192);
    expect(String(parseDim('seq*ffn', (name) => sizes.get(name) ?? namedDim(name)))).toBe('96*seq');
  });

  it.each(['past +', '(seq', 'seq)', 'seq seq', '2 ** 3', 'seq.1', '/4', 'seq/0', 'seq/past', ''])(
    'says where "%s" goes wrong',
    (text) => {
      let message = 'nothing was thrown';
      try {
        parseDim(text);
      } catch (error) {
        message = String(error);
      }
      expect({ [text]: message }).toMatchSnapshot();
    },
  );
});
