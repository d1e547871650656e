import type { Graph, Program } from '@casement/ir';

/** A rewriting of programs that keeps their meaning. Its file's comment says what it requires and ensures. */
export interface Pass {
  /** A verb; also the name of its file. */
  readonly name: string;
  run(program: Program): PassResult;
}

export interface PassResult {
  /** The same object when nothing changed. */
  readonly program: Program;
  readonly changed: boolean;
  /** What was left alone although it looks as if the pass were for it, and why. */
  readonly notes: readonly string[];
}

/** A pass that treats each entry on its own. `rewrite` returns the same graph when it changes nothing. */
export function entryPass(name: string, rewrite: (graph: Graph, note: (text: string) => void) => Graph): Pass {
  return {
    name,
    run(program) {
      const notes: string[] = [];
      const entries = [...program.entries.values()].map((graph) =>
        rewrite(graph, (text) => notes.push(`${graph.name}: ${text}`)),
      );
      const changed = entries.some((graph) => graph !== program.entries.get(graph.name));
      const rewritten = { ...program, entries: new Map(entries.map((graph) => [graph.name, graph])) };
      return { program: changed ? rewritten : program, changed, notes };
    },
  };
}
