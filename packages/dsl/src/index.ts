export { type Block, type BlockResult, block, type FixedBlock, type RestBlock } from './block.ts';
export type { Cache, KvCache } from './cache.ts';
export { capacity, type DimDeclarations, dataDependent, type RuntimeDim, upTo } from './dims.ts';
export { type Entry, entry, type Outputs } from './entry.ts';
export { ModelError } from './error.ts';
export { type BuildOptions, type ModelDefinition, model } from './model.ts';
export * from './ops/index.ts';
export type { Dim, DType, FloatDType, Shape } from './shape.ts';
export type {
  Declarations,
  Optional,
  OptionalDeclaration,
  Signature,
  StateDeclarations,
  StateSignature,
  TensorOf,
} from './signature.ts';
export type { Operand, Tensor } from './tensor.ts';
export { when } from './when.ts';
