export { type ReferenceOptions, referenceExecutor } from './executor.ts';
export { programSignature } from './signature.ts';
