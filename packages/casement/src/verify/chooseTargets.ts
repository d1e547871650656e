import { UserError } from '../error.ts';
import type { Bench, VerifyTarget } from './bench.ts';

/** A target that was to be verified and cannot run here. */
export interface NotRun {
  readonly target: VerifyTarget;
  readonly why: string;
}

export interface ChosenTargets {
  readonly run: readonly VerifyTarget[];
  readonly notRun: readonly NotRun[];
}

/**
 * The targets that are wanted, or else all but the one that the others are compared with, without those that cannot
 * run. Throws UserError when none is left.
 */
export function chooseTargets(
  { dtype, settings }: Pick<Bench, 'dtype' | 'settings'>,
  { targets, golden }: { readonly targets?: readonly VerifyTarget[]; readonly golden?: string },
): ChosenTargets {
  const againstReference = golden === undefined || (settings.quantized?.size ?? 0) > 0;
  const wanted = targets ?? (againstReference ? ['onnx', 'webgpu'] : ['reference', 'onnx', 'webgpu']);
  if (dtype !== 'bf16') return { run: wanted, notRun: [] };
  const why =
    'ONNX Runtime computes in bf16 with CUDA only, and JavaScript gives it no bf16 tensors; verify f16 or f32';
  const run = wanted.filter((target) => target !== 'onnx');
  if (run.length === 0) throw new UserError(`onnx cannot be verified: ${why}, or add webgpu to --targets`);
  return { run, notRun: run.length === wanted.length ? [] : [{ target: 'onnx', why }] };
}
