/** What a model file imports from `casement`: the DSL, the families written in it, and what its `golden` needs. */
export * from '@casement/dsl';
export * from '@casement/models';
export { joinAlong, sliceAlong, stackTensors } from './tensorAxes.ts';
export type { GoldenRunner, GoldenScript } from './verify/goldenScript.ts';
