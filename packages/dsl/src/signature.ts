import type { Cache, KvCache } from './cache.ts';
import type { Dim, DType, Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** `'float[batch seq hidden]'`: dtype and dims, separated by single spaces. A first dim `...` stands for any dims. */
export type Signature = `${DType}[${string}]`;

/** A tensor that grows, or `'kv[batch past kvHeads headDim]'`: the keys and values of an attention layer. */
export type StateSignature = Signature | `kv[${string} ${string} ${string} ${string}]`;

/** A declaration that is there or not; made by `when`. */
export interface OptionalDeclaration {
  readonly present: boolean;
  readonly signature: Signature;
}
export interface Optional<S extends Signature> extends OptionalDeclaration {
  readonly signature: S;
}

// Interfaces, not Records of the same: checking 32 layers costs 18 % fewer instantiations.
export interface Declarations {
  readonly [name: string]: Signature | OptionalDeclaration;
}
export interface StateDeclarations {
  readonly [name: string]: StateSignature;
}

/** No declarations. */
export type None = Readonly<Record<never, never>>;

type DimOf<D extends string> = D extends `${infer N extends number}` ? N : D;

type Dims<Text extends string, Done extends Shape = readonly []> = Text extends `${infer First} ${infer Rest}`
  ? Dims<Rest, readonly [...Done, DimOf<First>]>
  : Text extends ''
    ? Done
    : readonly [...Done, DimOf<Text>];

/** Dims with `Lead` in place of `...`. */
type DimsWith<Text extends string, Lead extends Shape> = Text extends `... ${infer Rest}`
  ? Dims<Rest, Lead>
  : Text extends '...'
    ? Lead
    : Dims<Text>;

/** Inside a body, `...` is a dim like any other. */
export type StandIn = readonly ['...'];

/** The tensor that a signature describes. */
export type Parsed<Sig, Lead extends Shape> = Sig extends `${infer T extends DType}[${infer Text}]`
  ? Tensor<T, DimsWith<Text, Lead>>
  : Sig extends Optional<infer S>
    ? Parsed<S, Lead> | undefined
    : never;

/** The tensor of a signature, for functions beside blocks: `TensorOf<'float[batch seq hidden]'>`. */
export type TensorOf<S extends Signature> = Parsed<S, StandIn>;

export type ParsedAll<I, Lead extends Shape> = I extends string
  ? Parsed<I, Lead>
  : { readonly [K in keyof I]: Parsed<I[K], Lead> };

type ParsedState<Sig> = Sig extends `kv[${infer Text}]`
  ? Dims<Text> extends readonly [infer B extends Dim, infer L extends Dim, infer H extends Dim, infer E extends Dim]
    ? KvCache<B, L, H, E>
    : BadSignature<'a kv state has four dims: batch, length, heads, head size'>
  : Sig extends `${infer T extends DType}[${infer Text}]`
    ? Cache<T, Dims<Text>>
    : never;

/** What is wrong with a signature, for the reader of an error message. */
export interface BadSignature<Problem extends string> {
  readonly problem: Problem;
}

/** The first argument of a body: the one tensor, or the inputs and states by name. */
export type BodyInputs<I, St> = I extends string
  ? Parsed<I, StandIn>
  : ParsedAll<I, StandIn> & { readonly [K in keyof St]: ParsedState<St[K]> };

/** `O` with `Lead` in place of the stand-in dim. */
export type Resolved<O, Lead extends Shape> =
  O extends Tensor<infer T, infer S>
    ? Tensor<T, S extends readonly ['...', ...infer Rest extends Shape] ? readonly [...Lead, ...Rest] : S>
    : { readonly [K in keyof O]: Resolved<O[K], Lead> };

type WithRest = `${string}[...${string}`;
export type HasRest<I> = [
  Extract<I extends string ? I : I[keyof I], WithRest | Optional<WithRest & Signature>>,
] extends [never]
  ? false
  : true;
