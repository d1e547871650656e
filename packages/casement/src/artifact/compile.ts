import type { Program } from '@casement/ir';
import { loweredWhole as loweredWholeByOnnx } from '@casement/onnx';
import { runPasses, standardPasses } from '@casement/passes';
import { loweredWhole as loweredWholeByWebGpu } from '@casement/webgpu';

export type Target = 'onnx' | 'webgpu';

/** `ort` may use com.microsoft ops, `onnx` only ai.onnx. */
export type Profile = 'ort' | 'onnx';

/** The program that a target lowers: simplified, with the composites expanded that the target does not lower whole. */
export function compileFor(target: Target, program: Program, profile: Profile = 'ort'): Program {
  const whole = target === 'onnx' ? loweredWholeByOnnx(profile) : loweredWholeByWebGpu;
  return runPasses(
    program,
    standardPasses((name) => whole.has(name)),
  ).program;
}
