import { countedDims, type Dim, type Graph, lengthDim, type Program, type TensorType } from '@casement/ir';
import type { EntrySignature, PlanSignature, StateSignature, TensorSignature } from '@casement/runtime';
import type { LoweredEntry } from './entryLowering.ts';
import { planSize } from './size.ts';

/** What a host must know to call the program. */
export function planSignature(program: Program, entries: readonly LoweredEntry[]): PlanSignature {
  const states = [...program.states.values()].map((decl): [string, StateSignature] => {
    const dim = lengthDim(decl);
    const capacity = program.dims.get(dim)?.max ?? 0;
    return [decl.name, { ...tensorSignature(decl.type), axis: decl.axis, dim, capacity }];
  });
  return {
    dims: Object.fromEntries(program.dims),
    states: Object.fromEntries(states),
    entries: Object.fromEntries(entries.map((entry) => [entry.graph.name, entrySignature(program, entry)])),
  };
}

function tensorSignature({ dtype, shape }: TensorType): TensorSignature {
  return { dtype, shape: shape.map(planSize) };
}

function entrySignature(program: Program, { graph, inputs, indexLimits }: LoweredEntry): EntrySignature {
  const inputSignatures = [...inputs].map(([{ name, type }, { block }]) => {
    const below = indexLimits.get(block);
    return [name, { ...tensorSignature(type), ...(below === undefined ? {} : { below }) }] as const;
  });
  const counted = [...countedDims(graph)].map(([name, most]) => [name, planSize(most)] as const);
  return {
    inputs: Object.fromEntries(inputSignatures),
    outputs: Object.fromEntries(graph.outputs.map(({ name, value }) => [name, tensorSignature(value.type)])),
    states: graph.states.map(({ state }) => state),
    ...(counted.length > 0 ? { counted: Object.fromEntries(counted) } : {}),
    lengths: Object.fromEntries([...lengthsAfter(program, graph)].map(([dim, size]) => [dim, planSize(size)])),
  };
}

/** Lengths of the growing dims that an entry changes, after a run. */
export function lengthsAfter(program: Program, graph: Graph): ReadonlyMap<string, Dim> {
  return new Map(
    graph.states.flatMap(({ state, start, end }) => {
      const decl = program.states.get(state);
      const length = decl && end.type.shape[decl.axis];
      return start === end || !decl || length === undefined ? [] : [[lengthDim(decl), length] as const];
    }),
  );
}
