export { type AttentionAttrs, headCounts, type Visibility, visibilityOperands } from './attentionParts.ts';
export * from './bind.ts';
export * from './builder.ts';
export { countedDim, countedDims, withMost } from './counted-dims.ts';
export * from './dim.ts';
export * from './dtype.ts';
export * from './error.ts';
export * from './evaluate.ts';
export { castTo, scalar } from './expand.ts';
export * from './infer.ts';
export { nearest } from './nearest.ts';
export * from './op.ts';
export { constantAttrs } from './ops/constant.ts';
export { type Conv2dAttrs, convGroups } from './ops/conv2d.ts';
export * from './ops/index.ts';
export { type RopeAttrs, ropeAngles } from './ops/rope.ts';
export { parseDim } from './parse-dim.ts';
export type { PoolAttrs } from './pool.ts';
export * from './program.ts';
export {
  type Quantization,
  type QuantizedAttrs,
  type QuantizedPart,
  type QuantizedParts,
  type QuantizedWeight,
  quantizedOperands,
  quantizedParts,
  unpackNumber,
} from './quantized.ts';
export { normal, seededRandom, seedOf } from './random.ts';
export { roundToBf16, roundToF16 } from './round.ts';
export { drawTensor, type SampleProgram, sampleProgram } from './samples.ts';
export * from './tensor.ts';
export { parseProgram } from './text/parse.ts';
export { parseTypeText } from './text/parts.ts';
export { printAttrs, printGraph, printNode, printProgram, printValue } from './text/print.ts';
export * from './types.ts';
export * from './value.ts';
export { verifyProgram } from './verify.ts';
export { symbolicDims } from './verify-dims.ts';
