import type { Program } from '@casement/ir';
import { compileFor } from '../../packages/casement/src/artifact/compile.ts';
import type { Target } from './bench.ts';

/** The program that a target runs, as `build` compiles it. */
export function compiledFor(target: Target, program: Program): Program {
  if (target === 'reference') return program;
  return target === 'webgpu' ? compileFor('webgpu', program) : compileFor('onnx', program, target);
}
