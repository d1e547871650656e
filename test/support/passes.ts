import { type Graph, type Program, parseProgram, printGraph, verifyProgram } from '@casement/ir';
import type { Pass, PassResult } from '@casement/passes';

/** Runs a pass on a program text and verifies what goes in and comes out. */
export function runPass(pass: Pass, text: string): PassResult & { readonly before: Program } {
  const before = parseProgram(text);
  verifyProgram(before);
  const result = pass.run(before);
  verifyProgram(result.program);
  return { ...result, before };
}

/** The nodes, kept states and outputs of an entry as text. */
export function body(program: Program, entry = 'main'): string {
  return `\n${printGraph(entryOf(program, entry)).slice(1, -1).join('\n')}\n`;
}

export function entryOf(program: Program, name = 'main'): Graph {
  const graph = program.entries.get(name);
  if (graph === undefined) throw new Error(`no entry ${name}`);
  return graph;
}
