/** How image tokens y reach the text x. One word, `attention`, switches. */
export type Fusion = Insertion | FusionLayers;

/**
 * Image tokens enter the text stream, and every token after them attends to them like to text. There are no fusion
 * layers, so what is said of them means nothing.
 */
export interface Insertion extends Partial<FusionLayerOptions> {
  readonly attention: 'insertion';
}

/** A fusion layer F in some of the blocks (arXiv 2512.19535). Each option is free of the others. */
export interface FusionLayers extends Partial<FusionLayerOptions> {
  /**
   * What F attends to. `casa`: the newest image and the window's text up to the token itself, with the backbone's
   * rotary positions. `ca`: the newest image alone, without positions.
   */
  readonly attention: 'casa' | 'ca';
}

/** Where F stands, and what else it does; n, n' are the block's norms. */
interface FusionLayerOptions {
  /**
   * `parallel` (default): h = x + SA(n x) + F(n x). `before`: h₁ = x + F(m x) with m a norm of its own,
   * h = h₁ + SA(n h₁). `replace`: h = x + F(n x). Then out = h + MLP(n' h) in all of them.
   */
  readonly order: 'parallel' | 'before' | 'replace';
  /** Indices of the blocks that carry F; absent: all. */
  readonly layers: readonly number[];
  /** F uses the block's own q, k, v and o projections. */
  readonly shared: boolean;
  /** Image tokens pass each fused block's MLP too: y ← y + MLP(n' y). */
  readonly updateImages: boolean;
}

/** Whether image tokens stay out of the text stream. */
export function hasFusionLayers(fusion: Fusion | undefined): fusion is FusionLayers {
  return fusion !== undefined && fusion.attention !== 'insertion';
}

/** Whether block `index` carries a fusion layer. */
export function isFused(fusion: Fusion | undefined, index: number): fusion is FusionLayers {
  return hasFusionLayers(fusion) && (fusion.layers === undefined || fusion.layers.includes(index));
}

/** Whether the fusion layer rotates image keys to a position of their own. */
export function usesPositions({ attention }: FusionLayers): boolean {
  return attention === 'casa';
}
