import type { Cache, KvCache, Tensor } from '@casement/dsl';

// Tensors that the fixtures beside this file use.
export declare const x: Tensor<'float', readonly ['batch', 'seq', 'hidden']>;
export declare const x32: Tensor<'f32', readonly ['batch', 'seq', 'hidden']>;
export declare const wide: Tensor<'float', readonly ['batch', 'seq', 'ffn']>;
export declare const image: Tensor<'float', readonly ['batch', 'image', 'hidden']>;
export declare const weight: Tensor<'float', readonly ['ffn', 'hidden']>;
export declare const scale: Tensor<'float', readonly ['hidden']>;
export declare const wideScale: Tensor<'float', readonly ['ffn']>;
export declare const perRow: Tensor<'float', readonly ['batch', 'seq', 1]>;
export declare const positions: Tensor<'i32', readonly ['batch', 'seq']>;
export declare const imagePositions: Tensor<'i32', readonly ['batch', 'image']>;
export declare const ids: Tensor<'i32', readonly ['batch', 'seq']>;
export declare const table: Tensor<'float', readonly ['vocab', 'hidden']>;
export declare const pixels: Tensor<'float', readonly ['batch', 'hidden', 'height', 'width']>;
export declare const filter: Tensor<'float', readonly ['ffn', 'hidden', 3, 3]>;
export declare const shownRows: Tensor<'bool', readonly ['batch', 'seq']>;
export declare const rowIndices: Tensor<'i32', readonly ['batch', 'image', 1]>;
export declare const wideIndices: Tensor<'i32', readonly ['batch', 'image', 'ffn']>;
export declare const rowFlags: Tensor<'bool', readonly ['seq']>;
export declare const flags: Tensor<'bool', readonly ['batch', 'seq', 1]>;
export declare const q: Tensor<'float', readonly ['batch', 'seq', 'heads', 'headDim']>;
export declare const k: Tensor<'float', readonly ['batch', 'seq', 'kvHeads', 'headDim']>;
export declare const imageK: Tensor<'float', readonly ['batch', 'image', 'kvHeads', 'headDim']>;
export declare const shown: Tensor<'bool', readonly ['batch', 1, 1, 'seq']>;
export declare const imageShown: Tensor<'bool', readonly ['batch', 1, 'seq', 'image']>;
export declare const past: KvCache<'batch', 'past', 'kvHeads', 'headDim'>;
export declare const otherPast: KvCache<'batch', 'past', 'kvHeads', 'kvDim'>;
export declare const memory: Cache<'float', readonly ['batch', 'past', 'hidden']>;

/** True when two types are the same, not only assignable. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export declare function same<A, B>(equal: Same<A, B>): void;
