import { broadcastShapes, ops, sameShape, type Value } from '@casement/ir';
import { type Bounded, choose, isSmall, lastDim, type Sketch, type Step } from './sketch.ts';

const UNARY = ['neg', 'abs', 'tanh', 'sigmoid', 'sin', 'cos', 'erf', 'silu', 'quickGelu'] as const;
const BINARY = ['add', 'mul', 'sub', 'max', 'min', 'div'] as const;
const NUMBERS = [0, 1, -1, 0.5, -3, 1e-3] as const;

export const unary: Step = (sketch, { a, b }) => {
  const x = sketch.pick(a);
  const op = choose(UNARY, b);
  const keeps = op === 'neg' || op === 'abs' || op === 'silu' || op === 'quickGelu';
  return x && { value: sketch.emit(ops[op], [x.value], {}), bound: keeps ? x.bound : 1 };
};

export const gelu: Step = (sketch, { a, b }) => {
  const x = sketch.pick(a);
  const approximate = choose(['none', 'tanh'] as const, b);
  return x && { value: sketch.emit(ops.gelu, [x.value], { approximate }), bound: x.bound };
};

export const clip: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a);
  const [min, max] = [choose([-1, -0.25, 0], b), choose([2, 0.5, 0], n)];
  return x && { value: sketch.emit(ops.clip, [x.value], { min, max }), bound: Math.min(x.bound, 2) };
};

export const exp: Step = (sketch, { a }) => {
  const x = sketch.pick(a);
  if (!x) return undefined;
  const small = x.bound <= 3 ? x : { value: sketch.emit(ops.tanh, [x.value], {}), bound: 1 };
  return { value: sketch.emit(ops.exp, [small.value], {}), bound: Math.exp(small.bound) };
};

/** Ops that need numbers above zero. */
export const positive: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a);
  if (!x) return undefined;
  const value = raised(sketch, x);
  const bound = x.bound + 0.5;
  if (b % 4 === 3) {
    const exponent = choose([2, 0.5, -1, 3], n);
    return { value: sketch.emit(ops.pow, [value, sketch.number(exponent)], {}), bound: bound ** 3 + 2 };
  }
  return { value: sketch.emit(ops[choose(['sqrt', 'rsqrt', 'log'] as const, b)], [value], {}), bound: bound + 1 };
};

/** |x| + 0.5. */
function raised(sketch: Sketch, { value }: Bounded): Value {
  return sketch.emit(ops.add, [sketch.emit(ops.abs, [value], {}), sketch.number(0.5)], {});
}

export const binary: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a);
  const y = x && partner(sketch, x, n, b);
  if (!x || !y) return undefined;
  const op = choose(BINARY, b);
  if (op === 'div') {
    return { value: sketch.emit(ops.div, [x.value, raised(sketch, y)], {}), bound: 2 * x.bound };
  }
  const bound = op === 'mul' ? x.bound * y.bound : x.bound + y.bound;
  const operands = n % 2 === 0 ? [x.value, y.value] : [y.value, x.value];
  return { value: sketch.emit(ops[op], operands, {}), bound };
};

/** A number, a weight along the last axis, or a value whose shape broadcasts with that of x. */
function partner(sketch: Sketch, x: Bounded, n: number, at: number): Bounded | undefined {
  const size = lastDim(x.value);
  if (n % 3 === 0) {
    const number = choose(NUMBERS, at);
    return { value: sketch.number(number), bound: Math.abs(number) };
  }
  if (n % 3 === 1 && typeof size === 'number') return { value: sketch.shared.param([size]), bound: 1 };
  return sketch.pick(at, (value) => broadcasts(x.value, value));
}

function broadcasts(x: Value, y: Value): boolean {
  try {
    return isSmall(broadcastShapes(x.type.shape, y.type.shape));
  } catch {
    return false;
  }
}

export const swiglu: Step = (sketch, { a, b }) => {
  const gate = sketch.pick(a);
  const up = gate && sketch.pick(b, (value) => sameShape(value.type.shape, gate.value.type.shape));
  return gate && up && { value: sketch.emit(ops.swiglu, [gate.value, up.value], {}), bound: gate.bound * up.bound };
};

/** A choice between x and a number, by a mask that is exact on every machine. */
export const where: Step = (sketch, { a, b, n }) => {
  const x = sketch.pick(a, (value) => value.type.shape.length > 0);
  const size = x && lastDim(x.value);
  if (!x || size === undefined) return undefined;
  const index = sketch.emit(ops.iota, [], { size });
  const edge = (at: number) => sketch.emit(ops.constant, [], { dtype: 'i32', shape: [], values: [at] });
  const low = sketch.emit(ops.lessOrEqual, [index, edge(n % 4)], {});
  const masks = [
    () => low,
    () => sketch.emit(ops.not, [low], {}),
    () => sketch.emit(ops.or, [low, sketch.emit(ops.equal, [index, edge(n % 3)], {})], {}),
    () => sketch.emit(ops.and, [low, sketch.emit(ops.less, [edge(0), index], {})], {}),
  ];
  return { value: sketch.emit(ops.where, [choose(masks, b)(), x.value, sketch.number(-0.25)], {}), bound: x.bound };
};

/** Row indices as floats, [1 seq 1]. */
export const castIds: Step = (sketch) => {
  const column = sketch.emit(ops.reshape, [sketch.ids], { shape: [...sketch.ids.type.shape, 1] });
  return { value: sketch.emit(ops.cast, [column], { to: 'f32' }), bound: 11 };
};
