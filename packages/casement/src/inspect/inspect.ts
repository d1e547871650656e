import {
  type Dim,
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
import type { QuantizedParam } from '@casement/passes';
import { type EntryCost, programCosts } from './entryCosts.ts';
import { type ParamPart, paramParts } from './paramParts.ts';
import { type RunCost, runCosts } from './runCosts.ts';

/** What a program consists of, and what running it costs; sizes in bytes. */
export interface ProgramInspection {
  readonly name: string;
  readonly dims: Readonly<Record<string, DimBounds>>;
  readonly params: {
    readonly tensors: number;
    readonly elements: number;
    readonly bytes: number;
    readonly parts: readonly ParamPart[];
  };
  readonly states: readonly StateInspection[];
  /** Of all states, full. */
  readonly cacheBytesAtCapacity: number;
  readonly entries: readonly EntryInspection[];
  readonly runs: readonly RunCost[];
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
  /** What a run costs, as sums over dims; `pairs` is how many pairs of patches see each other in windows. */
  readonly flops: string;
  readonly bytesRead: string;
}

export interface InspectProgramOptions {
  /** How many tokens the image has in the examples of `runs`. */
  readonly imageTokens: number;
  /** Weights that the program has in quantised form. */
  readonly quantized?: ReadonlyMap<string, QuantizedParam>;
}

/**
 * Counts what a program holds and costs; nothing is run or loaded.
 */
export function inspectProgram(program: Program, { imageTokens, quantized }: InspectProgramOptions): ProgramInspection {
  const costs = programCosts(program);
  const parts = paramParts(program, quantized);
  const states = [...program.states.values()].map((state) => ({
    name: state.name,
    type: printType(state.type),
    grows: lengthDim(state),
    capacity: program.dims.get(lengthDim(state))?.max ?? 0,
    bytesAtCapacity: upperBound(productDims(state.type.shape), program.dims) * dtypeBytes(state.type.dtype),
  }));
  return {
    name: program.name,
    dims: Object.fromEntries(program.dims),
    params: {
      tensors: program.params.size,
      elements: total(parts.map(({ elements }) => elements)),
      bytes: total(parts.map(({ bytes }) => bytes)),
      parts,
    },
    states,
    cacheBytesAtCapacity: total(states.map(({ bytesAtCapacity }) => bytesAtCapacity)),
    entries: [...program.entries.values()].map((graph) => inspectEntry(graph, costs.entries.get(graph.name))),
    runs: runCosts(program, costs, imageTokens),
  };
}

function inspectEntry(graph: Graph, cost: EntryCost | undefined): EntryInspection {
  const counts = new Map<string, number>();
  for (const { op } of graph.nodes) counts.set(op.name, (counts.get(op.name) ?? 0) + 1);
  const typed = (name: string, value: Value): [string, string] => [name, printType(value.type)];
  return {
    name: graph.name,
    inputs: Object.fromEntries(graph.inputs.map((input) => typed(input.name, input))),
    outputs: Object.fromEntries(graph.outputs.map(({ name, value }) => typed(name, value))),
    nodes: graph.nodes.length,
    ops: Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b))),
    flops: formula(cost?.flops),
    bytesRead: formula(cost?.bytesRead),
  };
}

/** `past*seq` reads as a product. */
function formula(dim: Dim = 0): string {
  return String(dim).replaceAll('*', '·');
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
