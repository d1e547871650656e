export { expandComposites } from './expandComposites.ts';
export { foldConstants } from './foldConstants.ts';
export * from './interventions/index.ts';
export { mergeCommon } from './mergeCommon.ts';
export type { Pass, PassResult } from './pass.ts';
export { type PassReport, type PipelineResult, runPasses, standardPasses } from './pipeline.ts';
export { removeDead } from './removeDead.ts';
export { simplify } from './simplify.ts';
