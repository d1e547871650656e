import { add, type Dim, type Tensor } from 'casement';
import { dense, type Floats, type Heads, multiHead, norm, type Projections, scoped } from './layers.ts';

/** A pre-norm layer: its dims and the names of its parts. */
export interface VitConfig extends Heads {
  readonly ffn: string;
  readonly eps: number;
  readonly activation: <S extends readonly Dim[]>(x: Floats<S>) => Floats<S>;
  readonly norms: readonly [string, string];
  readonly attention: Projections;
  /** Names of W₁ and W₂; `mlp.fc1` and `mlp.fc2` unless given. */
  readonly feedForward?: readonly [string, string];
}

/** x ← x + MHA(LN x); x ← x + W₂ f(W₁ LN'(x)). `mask` is true where a key is visible. */
export function vitLayer<B extends Dim, Q extends Dim, const W extends string>(
  x: Floats<readonly [B, Q, W]>,
  name: string,
  { ffn, eps, activation, norms: [first, second], attention, feedForward, ...heads }: VitConfig,
  mask?: Tensor<'bool', readonly [B | 1, 1, Q | 1, Q | 1]>,
): Floats<readonly [B, Q, W]> {
  const width = x.shape[2];
  return scoped(name, x, (x) => {
    const normed = norm(x, first, eps);
    const h = add(x, multiHead(normed, normed, attention, heads, mask));
    const [w1, w2] = feedForward ?? ['mlp.fc1', 'mlp.fc2'];
    const wide = activation(dense(norm(h, second, eps), w1, ffn));
    return add(h, dense(wide, w2, width));
  });
}

/** The projections of an attention under `name`; its output's is called `out`. */
export function projectionsOf(name: string, out: 'o_proj' | 'out_proj'): Projections {
  return { q: `${name}.q_proj`, k: `${name}.k_proj`, v: `${name}.v_proj`, o: `${name}.${out}` };
}
