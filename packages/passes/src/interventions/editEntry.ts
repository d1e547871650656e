import {
  type DimBounds,
  type Graph,
  IrError,
  type Node,
  nearest,
  type Program,
  type Value,
  verifyProgram,
} from '@casement/ir';
import { GraphEdit } from './graphEdit.ts';

/** Which entry an intervention changes. */
export interface EntryChoice {
  readonly entry: string;
  /** Name of a new entry that is the changed one; without it, the entry itself is changed. */
  readonly as?: string;
}

/**
 * The program with one entry changed, or with a changed copy of it, verified. `edit` returns the dims it has added.
 * Throws IrError when the entry is not there, or the new name is taken.
 */
export function editEntry(
  program: Program,
  { entry, as }: EntryChoice,
  label: string,
  edit: (edit: GraphEdit) => ReadonlyMap<string, DimBounds>,
): Program {
  const names = [...program.entries.keys()];
  const graph = program.entries.get(entry);
  if (graph === undefined) {
    throw new IrError(
      `model ${program.name} has no entry "${entry}"${nearest(entry, names)}; it has ${names.join(', ')}`,
    );
  }
  if (as !== undefined && names.includes(as)) {
    throw new IrError(`model ${program.name} has an entry "${as}" already; call the new one something else`);
  }
  const changed = new GraphEdit(as === undefined ? graph : copyGraph(graph, as), label);
  const dims = edit(changed);
  const edited: Program = {
    ...program,
    dims: new Map([...program.dims, ...dims]),
    entries: new Map([...program.entries, [as ?? entry, changed.graph]]),
  };
  verifyProgram(edited);
  return edited;
}

/** The same entry under another name, with values of its own: nothing tells entries apart but their values. */
function copyGraph(graph: Graph, name: string): Graph {
  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    if (value.kind === 'param') return value;
    const known = copies.get(value) ?? { ...value };
    copies.set(value, known);
    return known;
  };
  const copyNode = (node: Node): Node => ({ ...node, inputs: node.inputs.map(copy), outputs: node.outputs.map(copy) });
  return {
    name,
    inputs: graph.inputs.map(copy),
    states: graph.states.map(({ state, start, end }) => ({ state, start: copy(start), end: copy(end) })),
    nodes: graph.nodes.map(copyNode),
    outputs: graph.outputs.map((output) => ({ name: output.name, value: copy(output.value) })),
  };
}
