import { type Program, verifyProgram } from '@casement/ir';
import { expandComposites } from './expandComposites.ts';
import { foldConstants } from './foldConstants.ts';
import { mergeCommon } from './mergeCommon.ts';
import type { Pass, PassResult } from './pass.ts';
import { removeDead } from './removeDead.ts';
import { simplify } from './simplify.ts';

/**
 * The passes between a model and a target, in order. `keep` names the composite ops that the target lowers whole.
 * Expanding comes first, so that the others see everything; folding finds the zeros and ones that simplifying needs;
 * simplified nodes are more often the same; what all of them leave unused goes last.
 */
export function standardPasses(keep: (opName: string) => boolean): readonly Pass[] {
  return [expandComposites(keep), foldConstants(), simplify(), mergeCommon(), removeDead()];
}

export interface PassReport extends Omit<PassResult, 'program'> {
  readonly pass: string;
}

export interface PipelineResult {
  readonly program: Program;
  /** One for each pass, in the order they ran. */
  readonly report: readonly PassReport[];
}

/**
 * Runs passes one after another. The verifier checks the program before the first and after each of them: throws
 * IrError for a program that was broken to begin with, and an Error that names the pass for one that a pass broke.
 * `onPass` sees the program after each pass.
 */
export function runPasses(
  program: Program,
  passes: readonly Pass[],
  options: { readonly onPass?: (report: PassReport, program: Program) => void } = {},
): PipelineResult {
  verifyProgram(program);
  const report: PassReport[] = [];
  let current = program;
  for (const pass of passes) {
    const { program: next, changed, notes } = pass.run(current);
    verifyAfter(pass, next);
    const entry = { pass: pass.name, changed, notes };
    report.push(entry);
    options.onPass?.(entry, next);
    current = next;
  }
  return { program: current, report };
}

function verifyAfter(pass: Pass, program: Program): void {
  try {
    verifyProgram(program);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the pass ${pass.name} broke the program ${program.name}: ${problem}`, { cause });
  }
}
