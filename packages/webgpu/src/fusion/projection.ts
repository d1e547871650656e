import { type Dim, type Node, productDims, type Value } from '@casement/ir';

/**
 * What one fused kernel computes: rows of weights times one vector, or times each row of a matrix, and what follows from
 * each product. Fusions build it step by step; every step leaves something that can be lowered.
 */
export interface Projection {
  /** Where the vector comes from. */
  source: Source;
  /** Each with rows of its own. */
  readonly sections: Section[];
}

export interface Source {
  /** Of one row, or of many: then it is neither normed nor joined here. */
  readonly x: Value;
  /** `rmsNorm`, `layerNorm` or `standardize` of x, of which x is the first operand. */
  readonly norm?: Node;
  /** The attention whose parts are joined into x. */
  readonly attention?: Node;
}

/** Linears of equally many rows, which are computed side by side, and what is computed from their rows. */
export interface Section {
  readonly linears: readonly Node[];
  /** In the graph's order. Each has an operand that the section computes. */
  readonly nodes: readonly Node[];
  /** Set once rows are needed in pairs. */
  readonly pairing: Pairing | undefined;
}

/** Which rows `rope` turns together: `half` apart within heads of 2·half rows, or neighbours (`interleaved`). */
export interface Pairing {
  readonly layout: 'half' | 'interleaved';
  readonly half: number;
}

/** The number of rows that weights are multiplied with. */
export function vectorsOf(x: Value): Dim {
  return productDims(x.type.shape.slice(0, -1));
}

/** Products that a thread of a kernel for many rows of x computes with each of them. */
export const TILE_RESULTS = 4;

/** Products that a unit of a projection's kernel computes; `results` where x has one row. */
export function resultsOf({ source }: Projection, results: number): number {
  return vectorsOf(source.x) === 1 ? results : TILE_RESULTS;
}

/** Rows of each of a section's linears that one unit computes, of so many `results` in all. */
export function rowsPerUnit({ linears }: Pick<Section, 'linears'>, results: number): number {
  return Math.max(1, Math.floor(results / linears.length));
}

/** The number of rows. */
export function rowsOf({ linears }: Pick<Section, 'linears'>): number {
  return Number(linears[0]?.outputs[0]?.type.shape.at(-1) ?? 0);
}

/** All values that a section computes. */
export function valuesOf({ linears, nodes }: Section): readonly Value[] {
  return [...linears, ...nodes].flatMap(({ outputs }) => outputs);
}

/** All nodes of a projection. */
export function nodesOf({ source, sections }: Projection): readonly Node[] {
  return [...(source.norm ? [source.norm] : []), ...sections.flatMap(({ linears, nodes }) => [...linears, ...nodes])];
}
