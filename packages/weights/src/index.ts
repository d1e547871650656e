export { isCheckpointFile } from './checkpointFiles.ts';
export { type Converted, convert, decodeFloats, encodeFloats } from './convert.ts';
export type { UnusualValues, WriteProgress } from './copyTensor.ts';
export { countNonFinite, type NonFinite } from './countNonFinite.ts';
export { dropCopies } from './dropCopies.ts';
export { WeightError } from './error.ts';
export { formatReport, requireComplete } from './formatReport.ts';
export {
  type ExpectedParam,
  type LeftOverTensor,
  type MatchedParam,
  type MatchReport,
  type MissingParam,
  matchParams,
  type Suggestion,
  type UnfitParam,
} from './matchParams.ts';
export { type MemoryTensor, memorySource } from './memorySource.ts';
export { type NamePattern, namePatterns } from './namePatterns.ts';
export { nearestNames } from './nearest.ts';
export { openCheckpoint } from './openCheckpoint.ts';
export { openSafetensors, type SafetensorsFile } from './openSafetensors.ts';
export { type QuantizationError, quantizedTensors } from './quantize/quantizedTensors.ts';
export { parseRenameTable, type Renamed, type RenameRule, type RenameTable, renameTable } from './renameTable.ts';
export { type ShardTensor, shardTensor } from './shardTensor.ts';
export type { StoredTensor, TensorInfo, TensorSource } from './source.ts';
export { type RuleDraft, suggestRules } from './suggestRules.ts';
export {
  locateShards,
  type TensorLocation,
  type WriteOptions,
  type WrittenShard,
  type WrittenShards,
  writeShards,
} from './writeShards.ts';
