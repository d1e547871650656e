export { argmax } from './argmax.ts';
export { checkInputs, InputError } from './check.ts';
export * from './executor.ts';
export {
  imagePositions,
  insertedPositions,
  type MergedGrid,
  type PatchGrid,
  patchPositions,
  textPositions,
} from './positions.ts';
export { serially } from './serially.ts';
export { type GenerateOptions, type ImageOptions, type ImagePatches, type ImageTokens, Session } from './session.ts';
