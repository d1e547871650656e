import { ERF, SIGMOID, SIN_COS, TANH } from './math.ts';

/** What is computed from operands a, b, c at one place. */
export interface ElementExpression {
  /** WGSL expression over the names a, b, c. */
  readonly text: string;
  /** WGSL functions that the text calls. */
  readonly helpers: readonly string[];
}

/** Core ops that compute each element by itself. Bools are 0 or 1. */
export const coreExpressions = {
  abs: expression('abs(a)'),
  add: expression('a + b'),
  and: expression('a & b'),
  cos: expression('sinCos(a).y', SIN_COS),
  div: expression('a / b'),
  equal: expression('u32(a == b)'),
  erf: expression('erf(a)', ERF),
  exp: expression('exp(a)'),
  floor: expression('floor(a)'),
  less: expression('u32(a < b)'),
  lessOrEqual: expression('u32(a <= b)'),
  log: expression('log(a)'),
  max: expression('max(a, b)'),
  min: expression('min(a, b)'),
  mul: expression('a * b'),
  neg: expression('-a'),
  not: expression('1u - a'),
  or: expression('a | b'),
  pow: expression('pow(a, b)'),
  rsqrt: expression('1.0 / sqrt(a)'),
  sigmoid: expression('sigmoid(a)', SIGMOID),
  sin: expression('sinCos(a).x', SIN_COS),
  sqrt: expression('sqrt(a)'),
  sub: expression('a - b'),
  tanh: expression('safeTanh(a)', TANH),
  where: expression('select(c, b, a != 0u)'),
} as const;

/** Composite activations without attributes, computed whole. */
export const activationExpressions = {
  silu: expression('a * sigmoid(a)', SIGMOID),
  quickGelu: expression('a * sigmoid(1.702 * a)', SIGMOID),
  swiglu: expression('a * sigmoid(a) * b', SIGMOID),
} as const;

/** By the op's attribute `approximate`. */
export const geluExpressions = {
  none: expression('0.5 * a * (1.0 + erf(a * 0.70710678))', ERF),
  tanh: expression('0.5 * a * (1.0 + safeTanh(0.79788456 * (a + 0.044715 * a * a * a)))', TANH),
} as const;

const byName: ReadonlyMap<string, ElementExpression> = new Map(
  Object.entries({ ...coreExpressions, ...activationExpressions }),
);

/** The expression of an op that has one whatever its attributes are, and of `gelu` by its attributes. */
export function expressionOf(op: string, approximate?: unknown): ElementExpression | undefined {
  if (op === 'gelu') return approximate === 'none' ? geluExpressions.none : geluExpressions.tanh;
  return byName.get(op);
}

function expression(text: string, ...helpers: readonly string[]): ElementExpression {
  return { text, helpers };
}
