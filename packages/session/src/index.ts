export { argmax } from './argmax.ts';
export { checkInputs, InputError } from './check.ts';
export * from './executor.ts';
export { imagePositions, type MergedGrid, textPositions } from './positions.ts';
export { serially } from './serially.ts';
export { type GenerateOptions, Session, type WindowOptions } from './session.ts';
