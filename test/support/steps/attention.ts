import { ops, subDims, type Value } from '@casement/ir';
import { project } from './products.ts';
import { type Bounded, type Choice, choose, lastDim, PAST, SEQ, type Sketch, type Step } from './sketch.ts';

/** [kv heads, query heads per kv head, head size]. */
const HEADS = [
  [1, 1, 2],
  [2, 1, 2],
  [1, 3, 2],
  [2, 2, 4],
] as const;

/** A value shaped as a sequence of rows, [1 seq size]. */
function isSequence({ type: { shape } }: Value): boolean {
  return shape.length === 3 && shape[0] === 1 && shape[1] === SEQ && typeof shape[2] === 'number' && shape[2] > 0;
}

function intoHeads(sketch: Sketch, x: Bounded, heads: number, size: number, which: number): Bounded {
  const { value, bound } = sketch.settled(project(sketch, x, heads * size, which));
  return { value: sketch.emit(ops.reshape, [value], { shape: [1, SEQ, heads, size] }), bound };
}

function turned(sketch: Sketch, x: Bounded, { b, n }: Choice): Bounded {
  if (n % 3 === 0) return x;
  const layout = choose(['half', 'interleaved'] as const, b);
  const attrs = { theta: 100, layout, sections: [], axial: false };
  return { value: sketch.emit(ops.rope, [x.value, sketch.ids], attrs), bound: 2 * x.bound };
}

function merged(sketch: Sketch, heads: Value, bound: number): Bounded {
  const [, , count, size] = heads.type.shape;
  const width = Number(count) * Number(size);
  return { value: sketch.emit(ops.reshape, [heads], { shape: [1, SEQ, width] }), bound };
}

/** Attention of a sequence to itself, with rope, causality and segments as chosen. */
export const selfAttention: Step = (sketch, choice) => {
  const { a, b, n } = choice;
  const x = sketch.pick(a, isSequence);
  if (!x) return undefined;
  const [kvHeads, group, size] = choose(HEADS, b);
  const q = turned(sketch, intoHeads(sketch, x, kvHeads * group, size, n), choice);
  const k = turned(sketch, intoHeads(sketch, x, kvHeads, size, n + 1), choice);
  const v = intoHeads(sketch, x, kvHeads, size, n + 2);
  const hidden = [...(n % 5 === 4 ? [sketch.ids, sketch.ids] : []), ...(n % 3 === 1 ? [mask(sketch, n)] : [])];
  const attrs = { causal: n % 2 === 0, scale: size ** -0.5 };
  if (choice.a % 4 === 3) {
    return { value: sketch.emit(ops.attentionWeights, [q.value, k.value, ...hidden], attrs), bound: 1 };
  }
  return merged(sketch, sketch.emit(ops.attention, [q.value, k.value, v.value, ...hidden], attrs), v.bound);
};

/** Keys up to a query's id, or below it: then some queries see none. Bool [1 1 seq seq]. */
function mask(sketch: Sketch, n: number): Value {
  const keys = sketch.emit(ops.reshape, [sketch.emit(ops.iota, [], { size: SEQ })], { shape: [1, 1, 1, SEQ] });
  const queries = sketch.emit(ops.reshape, [sketch.ids], { shape: [1, 1, SEQ, 1] });
  return sketch.emit(n % 2 === 0 ? ops.less : ops.lessOrEqual, [keys, queries], {});
}

/** Attention to everything since the last reset, through a cache of keys and one of values. */
export const cachedAttention: Step = (sketch, choice) => {
  const x = sketch.pick(choice.a, isSequence);
  if (!x || hasGrown(sketch)) return undefined;
  const { keys, values } = cache(sketch);
  const [kvHeads, size] = [2, 4];
  const q = turned(sketch, intoHeads(sketch, x, kvHeads * (1 + (choice.b % 2)), size, choice.n), choice);
  const k = turned(sketch, intoHeads(sketch, x, kvHeads, size, choice.n + 1), choice);
  const v = intoHeads(sketch, x, kvHeads, size, choice.n + 2);
  // Read before the update and used after it: an executor that updates in place must have copied it.
  const old = choice.n % 4 === 3 ? sketch.emit(ops.reshape, [keys], { shape: [1, PAST, 8] }) : undefined;
  const allKeys = sketch.emit(ops.append, [keys, k.value], { axis: 1 });
  const allValues = sketch.emit(ops.append, [values, v.value], { axis: 1 });
  if (old) sketch.add({ value: sketch.emit(ops.reduceSum, [old], { axis: 1, keepDims: false }), bound: 1000 });
  const attrs = { causal: true, scale: size ** -0.5 };
  return merged(sketch, sketch.emit(ops.attention, [q.value, allKeys, allValues], attrs), v.bound);
};

/** A look at the cache: the sum over its positions before it grows, its newest position after that. */
export const peek: Step = (sketch, { b }) => {
  const state = choose(Object.values(cache(sketch)), b);
  if (!hasGrown(sketch)) {
    return { value: sketch.emit(ops.reduceSum, [state], { axis: 1, keepDims: b % 2 === 0 }), bound: 1000 };
  }
  const [, length] = state.type.shape;
  const start = subDims(length ?? 1, 1);
  return { value: sketch.emit(ops.slice, [state], { axis: 1, start, size: 1 }), bound: 40 };
};

/** The newest versions of the two states. */
function cache({ builder, shared }: Sketch): { readonly keys: Value; readonly values: Value } {
  const [keys, values] = ['keys', 'values'].map((name) => builder.state(shared.state(name, [1, PAST, 2, 4], 1)));
  if (!keys || !values) throw new Error('two states');
  return { keys, values };
}

function hasGrown(sketch: Sketch): boolean {
  return cache(sketch).keys.kind === 'result';
}

/** Empties the cache. */
export function clear(sketch: Sketch): void {
  for (const state of Object.values(cache(sketch))) sketch.emit(ops.reset, [state], { axis: 1 });
}

export const rope: Step = (sketch, choice) => {
  const x = sketch.pick(choice.a, (value) => isSequence(value) && Number(lastDim(value)) % 4 === 0);
  if (!x) return undefined;
  const size = Number(lastDim(x.value)) / 2;
  const heads = sketch.emit(ops.reshape, [x.value], { shape: [1, SEQ, 2, size] });
  return turned(sketch, { value: heads, bound: x.bound }, { ...choice, n: 1 });
};
