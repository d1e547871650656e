import {
  attention,
  block,
  type Dim,
  layerNorm,
  linear,
  mergeHeads,
  rmsNorm,
  type Shape,
  splitHeads,
  type Tensor,
} from 'casement';

/*
 * Layers for any widths and lengths, which a model may have several of: a block's signatures are text, so its dims cannot
 * be type parameters. What the casts below promise of shapes is checked when the model is built.
 */

export type Floats<S extends Shape> = Tensor<'float', S>;

/** What `run` adds to the graph stands under `name`, and so do its params. */
export function scoped<X extends Tensor<'float'>, R>(name: string, x: X, run: (x: X) => R): R {
  const inside = block(name, { inputs: 'float[...]' }, (x) => run(x as unknown as X) as Tensor);
  return inside(x) as unknown as R; // whatever `run` gave
}

/** x·Wᵀ + b, with `weight` and `bias` under `name`: [… from] → [… to]. */
export function dense<const L extends Shape, I extends Dim, const O extends string>(
  x: Floats<readonly [...L, I]>,
  name: string,
  to: O,
  { bias = true }: { readonly bias?: boolean } = {},
): Floats<readonly [...L, O]> {
  const from = x.shape.at(-1);
  const weight = `float[${to} ${from}]` as 'float[to from]';
  const shift = bias ? { bias: `float[${to}]` as 'float[to]' } : {};
  const run = block(name, { inputs: `float[... ${from}]` as 'float[... from]', params: { weight, ...shift } }, (x, p) =>
    linear(x, p.weight, p.bias),
  );
  return run(x as never) as never;
}

/** A layer norm with weight and bias under `name`. */
export function norm<const L extends Shape, I extends Dim>(
  x: Floats<readonly [...L, I]>,
  name: string,
  eps: number,
): Floats<readonly [...L, I]> {
  const width = `float[${x.shape.at(-1)}]` as 'float[width]';
  const inputs = `float[... ${x.shape.at(-1)}]` as 'float[... width]';
  const run = block(name, { inputs, params: { weight: width, bias: width } }, (x, p) =>
    layerNorm(x, p.weight, p.bias, { eps }),
  );
  return run(x as never) as never;
}

/** An RMS norm with its weight under `name`. */
export function rms<const L extends Shape, I extends Dim>(
  x: Floats<readonly [...L, I]>,
  name: string,
  eps: number,
): Floats<readonly [...L, I]> {
  const weight = `float[${x.shape.at(-1)}]` as 'float[width]';
  const inputs = `float[... ${x.shape.at(-1)}]` as 'float[... width]';
  const run = block(name, { inputs, params: { weight } }, (x, p) => rmsNorm(x, p.weight, { eps }));
  return run(x as never) as never;
}

/** The dims of a multi-head attention, by name; heads·headDim is the width of queries and output. */
export interface Heads {
  readonly heads: string;
  readonly headDim: string;
}

/** The names of its projections. */
export interface Projections {
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly o: string;
}

/** MHA(x | y): queries from x [b q width], keys and values from y [b k any]; `mask` is true where a key is visible. */
export function multiHead<B extends Dim, Q extends Dim, K extends Dim, const W extends string, I extends Dim>(
  x: Floats<readonly [B, Q, W]>,
  y: Floats<readonly [B, K, I]>,
  names: Projections,
  { heads, headDim }: Heads,
  mask?: Tensor<'bool', readonly [B | 1, 1, Q | 1, K | 1]>,
): Floats<readonly [B, Q, W]> {
  const width = x.shape[2];
  const q = splitHeads(dense(x, names.q, width), heads, headDim);
  const k = splitHeads(dense(y, names.k, width), heads, headDim);
  const v = splitHeads(dense(y, names.v, width), heads, headDim);
  const mixed = attention(q, k, v, { causal: false, ...(mask ? { mask } : {}) });
  return dense(mergeHeads(mixed, width), names.o, width);
}
