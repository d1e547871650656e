/** What a model file imports from `casement`: the DSL, families written in it, interventions, what its `golden` needs. */
export * from '@casement/dsl';
export * from '@casement/models';
export {
  type EntryChoice,
  type KnockoutOptions,
  knockout,
  type PatchOptions,
  patch,
  type QuantizationSettings,
  type Selector,
  type TapOptions,
  tap,
} from '@casement/passes';
export type { HostTensor, HostTensors } from '@casement/session';
export { UserError } from './error.ts';
export { joinAlong, sliceAlong, stackTensors } from './tensorAxes.ts';
export type { GoldenRunner, GoldenScript } from './verify/goldenScript.ts';
