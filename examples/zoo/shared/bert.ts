import { add, block, type Dim, gather, gelu, iota, less, reshape, slice, type Tensor } from 'casement';
import { dense, type Floats, type Heads, multiHead, norm, scoped } from './layers.ts';

/** A BERT's heads and feed-forward width by the names of their dims, and the eps of its norms. */
export interface BertConfig extends Heads {
  readonly ffn: string;
  readonly eps: number;
}

/** Which keys are words: attention_mask i32 [batch text] → bool [batch 1 1 text]. */
export function wordsOf<B extends Dim, T extends Dim>(
  attentionMask: Tensor<'i32', readonly [B, T]>,
): Tensor<'bool', readonly [B, 1, 1, T]> {
  const [batch, text] = attentionMask.shape;
  const mask: Tensor<'i32'> = attentionMask;
  return reshape(less(0, mask), [batch, 1, 1, text]);
}

/** LN(word + position 0 … T−1 + token type 0) of ids [batch text], of a width that is called `width`. */
export function bertEmbeddings<B extends Dim, T extends Dim, const W extends string>(
  ids: Tensor<'i32', readonly [B, T]>,
  name: string,
  width: W,
  eps: number,
): Floats<readonly [B, T, W]> {
  const text = ids.shape[1] as never; // in the block's types, `...` stands for both dims
  const params = {
    'word_embeddings.weight': `float[vocab ${width}]` as 'float[vocab width]',
    'position_embeddings.weight': `float[textPositions ${width}]` as 'float[textPositions width]',
    'token_type_embeddings.weight': `float[types ${width}]` as 'float[types width]',
  } as const;
  const run = block(name, { inputs: 'i32[...]', params }, (ids, p) => {
    const words = gather(p['word_embeddings.weight'], 'vocab', ids);
    const positions = gather(p['position_embeddings.weight'], 'textPositions', iota(ids, text));
    const type = slice(p['token_type_embeddings.weight'], 'types', { start: 0, size: 1 });
    return norm(add(add(words, positions as never), type as never), 'LayerNorm', eps);
  });
  return run(ids) as never; // shapes as in layers.ts
}

/** x ← LN(x + MHA(x | x)); with y, x ← LN(x + MHA(x | y)); x ← LN(x + W₂ gelu(W₁ x)). Masks are true at visible keys. */
export function bertLayer<B extends Dim, Q extends Dim, const W extends string, K extends Dim = 1>(
  x: Floats<readonly [B, Q, W]>,
  name: string,
  { eps, ffn, ...heads }: BertConfig,
  given: {
    readonly mask?: Tensor<'bool', readonly [B | 1, 1, Q | 1, Q | 1]>;
    readonly y?: Floats<readonly [B, K, Dim]>;
    readonly yMask?: Tensor<'bool', readonly [B | 1, 1, Q | 1, K | 1]>;
  } = {},
): Floats<readonly [B, Q, W]> {
  const { mask, y, yMask } = given;
  const width = x.shape[2];
  return scoped(name, x, (x) => {
    // A scope for each, so that interventions can tell them apart.
    const own = scoped('attention', x, (x) =>
      norm(add(x, multiHead(x, x, projections, heads, mask)), 'output.LayerNorm', eps),
    );
    const seen = y
      ? scoped('crossattention', own, (x) =>
          norm(add(x, multiHead(x, y, projections, heads, yMask)), 'output.LayerNorm', eps),
        )
      : own;
    const wide = gelu(dense(seen, 'intermediate.dense', ffn));
    return norm(add(seen, dense(wide, 'output.dense', width)), 'output.LayerNorm', eps);
  });
}

const projections = { q: 'self.query', k: 'self.key', v: 'self.value', o: 'output.dense' } as const;
