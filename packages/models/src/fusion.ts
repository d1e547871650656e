/**
 * How image tokens y reach the text x (arXiv 2512.19535): the fusion layer F and its place in a block, where n, n' are
 * the block's norms. Each axis is free of the others.
 */
export interface Fusion {
  /**
   * What F attends to. `casa`: the newest image and the window's text up to the token itself, with the backbone's
   * rotary positions. `ca`: the newest image alone, without positions.
   */
  readonly attention: 'casa' | 'ca';
  /**
   * `parallel`: h = x + SA(n x) + F(n x). `before`: h₁ = x + F(m x) with m a norm of its own, h = h₁ + SA(n h₁).
   * `replace`: h = x + F(n x). Then out = h + MLP(n' h) in all of them.
   */
  readonly order: 'parallel' | 'before' | 'replace';
  /** Indices of the blocks that carry F; absent: all. */
  readonly layers?: readonly number[];
  /** F uses the block's own q, k, v and o projections. */
  readonly shared: boolean;
  /** Image tokens pass each fused block's MLP too: y ← y + MLP(n' y). */
  readonly updateImages: boolean;
}

/** Whether block `index` carries a fusion layer. */
export function isFused(fusion: Fusion | undefined, index: number): fusion is Fusion {
  return fusion !== undefined && (fusion.layers === undefined || fusion.layers.includes(index));
}

/** Whether the fusion layer rotates image keys to a position of their own. */
export function usesPositions(fusion: Fusion | undefined): boolean {
  return fusion?.attention === 'casa';
}
