import {
  countedDims,
  type Dim,
  evaluateDim,
  type Graph,
  lengthDim,
  type Program,
  type TensorType,
  type Value,
} from '@casement/ir';
import type { EntrySpec, StateSpec, TensorSpec } from '@casement/runtime';
import type { ModelSignature } from '../executor.ts';

/** What a host must know about a program: the part of a manifest that does not depend on targets or files. */
export function programSignature(program: Program): ModelSignature {
  const entries = [...program.entries.values()].map((graph): [string, EntrySpec] => {
    const lengths = graph.states
      .filter(({ start, end }) => start !== end)
      .map(({ state, end }) => {
        const decl = required(program.states.get(state), state);
        return [lengthDim(decl), sizeSpec(required(end.type.shape[decl.axis], state))] as const;
      });
    const counted = [...countedDims(graph)].map(([name, most]) => [name, sizeSpec(most)] as const);
    return [
      graph.name,
      {
        inputs: graph.inputs.map((input) => inputSpec(graph, input)),
        outputs: graph.outputs.map(({ name, value }) => tensorSpec(name, value.type)),
        ...(counted.length > 0 ? { counted: Object.fromEntries(counted) } : {}),
        lengths: Object.fromEntries(lengths),
      },
    ];
  });
  const states = [...program.states.values()].map((decl): StateSpec => {
    const dim = lengthDim(decl);
    const capacity = required(program.dims.get(dim), dim).max;
    return { ...tensorSpec(decl.name, decl.type), axis: decl.axis, dim, capacity };
  });
  return {
    name: program.name,
    dtype: programDType(program),
    dims: Object.fromEntries(program.dims),
    entries: Object.fromEntries(entries),
    states,
  };
}

/** The dtype that most of the weights have: what `float` became. */
function programDType(program: Program): ModelSignature['dtype'] {
  const weights = new Map<ModelSignature['dtype'], number>([['f32', 0]]);
  for (const { type } of program.params.values()) {
    if (type.dtype !== 'f32' && type.dtype !== 'f16' && type.dtype !== 'bf16') continue;
    const count = type.shape.reduce<number>((product, dim) => product * evaluateDim(dim, new Map()), 1);
    weights.set(type.dtype, (weights.get(type.dtype) ?? 0) + count);
  }
  return [...weights].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** An input, with what it must be below if it is an index into a table. */
function inputSpec(graph: Graph, input: Value): TensorSpec {
  const picks = (name: string) => name === 'gather' || name === 'gatherAlong';
  const tables = graph.nodes.filter(({ op, inputs }) => picks(op.name) && inputs[1] === input);
  const sizes = tables.map(({ inputs, attrs }) => inputs[0]?.type.shape.at(Number(attrs.axis)));
  const limits = sizes.filter((size) => typeof size === 'number');
  const spec = tensorSpec(input.name, input.type);
  return limits.length === 0 ? spec : { ...spec, below: Math.min(...limits) };
}

function tensorSpec(name: string, type: TensorType): TensorSpec {
  return { name, dtype: type.dtype, shape: type.shape.map(sizeSpec) };
}

function sizeSpec(dim: Dim): number | string {
  return typeof dim === 'number' ? dim : String(dim);
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`program refers to "${name}", which it does not declare; verify it first`);
  return value;
}
