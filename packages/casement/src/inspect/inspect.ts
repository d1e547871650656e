import {
  type DimBounds,
  dtypeBytes,
  type Graph,
  lengthDim,
  type Program,
  printType,
  productDims,
  upperBound,
  type Value,
} from '@casement/ir';

/** What a program consists of; sizes in bytes. */
export interface Inspection {
  readonly name: string;
  readonly dims: Readonly<Record<string, DimBounds>>;
  readonly params: { readonly tensors: number; readonly elements: number; readonly bytes: number };
  readonly states: readonly StateInspection[];
  readonly entries: readonly EntryInspection[];
}

export interface StateInspection {
  readonly name: string;
  readonly type: string;
  readonly grows: string;
  readonly capacity: number;
  readonly bytesAtCapacity: number;
}

export interface EntryInspection {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly nodes: number;
  /** How often each op occurs, most frequent first. */
  readonly ops: Readonly<Record<string, number>>;
}

/** Counts what a program holds; nothing is run or loaded. */
export function inspectProgram(program: Program): Inspection {
  const params = [...program.params.values()];
  return {
    name: program.name,
    dims: Object.fromEntries(program.dims),
    params: {
      tensors: params.length,
      elements: total(params.map((param) => elementsAtMost(program, param.type.shape))),
      bytes: total(params.map((param) => bytesAtMost(program, param.type))),
    },
    states: [...program.states.values()].map((state) => ({
      name: state.name,
      type: printType(state.type),
      grows: lengthDim(state),
      capacity: program.dims.get(lengthDim(state))?.max ?? 0,
      bytesAtCapacity: bytesAtMost(program, state.type),
    })),
    entries: [...program.entries.values()].map(inspectEntry),
  };
}

function inspectEntry(graph: Graph): EntryInspection {
  const counts = new Map<string, number>();
  for (const { op } of graph.nodes) counts.set(op.name, (counts.get(op.name) ?? 0) + 1);
  const typed = (name: string, value: Value): [string, string] => [name, printType(value.type)];
  return {
    name: graph.name,
    inputs: Object.fromEntries(graph.inputs.map((input) => typed(input.name, input))),
    outputs: Object.fromEntries(graph.outputs.map(({ name, value }) => typed(name, value))),
    nodes: graph.nodes.length,
    ops: Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b))),
  };
}

function elementsAtMost(program: Program, shape: Value['type']['shape']): number {
  return upperBound(productDims(shape), program.dims);
}

function bytesAtMost(program: Program, { dtype, shape }: Value['type']): number {
  return elementsAtMost(program, shape) * dtypeBytes(dtype);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
