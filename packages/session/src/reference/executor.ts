import {
  allocate,
  bindDims,
  type DimBindings,
  elementCount,
  evaluateGraph,
  type Graph,
  type HostTensor,
  lengthDim,
  lengthsAfter,
  makeTensor,
  type Node,
  type Program,
  resolveShape,
  type Value,
} from '@casement/ir';
import { checkInputs } from '../check.ts';
import type { Executor, HostTensors, RunOptions } from '../executor.ts';
import { serially } from '../serially.ts';
import { programSignature } from './signature.ts';

export interface ReferenceOptions {
  /** The tensor of a param, of the param's dtype and shape. */
  readonly param: (name: string) => HostTensor;
  /** Sees every intermediate result; `verify` uses it to find the first difference. */
  readonly onResult?: (value: Value, tensor: HostTensor, node: Node) => void;
}

/** Runs a program with the plain implementations of its ops: slow, exact, the meaning of the program. */
export function referenceExecutor(program: Program, options: ReferenceOptions): Executor {
  const signature = programSignature(program);
  const states = new Map<string, HostTensor>();
  let lengths: ReadonlyMap<string, number> = emptyLengths(program);
  let disposed = false;
  const params = new Map<string, HostTensor>();
  const param = (name: string): HostTensor => {
    const known = params.get(name);
    if (known) return known;
    const tensor = options.param(name);
    params.set(name, tensor);
    return tensor;
  };

  const run = (entry: string, inputs: HostTensors, runOptions: RunOptions): Record<string, HostTensor> => {
    if (disposed) throw new Error(`model ${program.name} was disposed`);
    const wanted = checkInputs(signature, entry, inputs, runOptions.outputs);
    runOptions.signal?.throwIfAborted();
    const graph = graphOf(program, entry);
    const shapes = new Map(Object.entries(inputs).map(([name, tensor]) => [name, tensor.shape]));
    const bindings = new Map(bindDims(program, graph, shapes, lengths));
    const given = (value: Value): HostTensor => {
      if (value.kind === 'param') return param(value.name);
      if (value.kind === 'state') return states.get(value.name) ?? emptyTensor(value, bindings);
      return roundedInput(value, inputs);
    };
    const outputs = graph.outputs.filter(({ name }) => wanted.includes(name));
    const results = evaluateGraph(
      graph,
      [...outputs, ...graph.states.map(ending)].map(({ value }) => value),
      {
        given,
        bindings,
        onCount: (dim, value) => bindings.set(dim, value),
        ...(options.onResult ? { onResult: options.onResult } : {}),
      },
    );
    graph.states.forEach(({ state }, i) => {
      const tensor = results[outputs.length + i];
      if (tensor) states.set(state, tensor);
    });
    lengths = new Map([...lengths, ...lengthsAfter(program, graph, bindings)]);
    return Object.fromEntries(outputs.flatMap(({ name }, i) => (results[i] ? [[name, results[i]]] : [])));
  };

  const queue = serially();
  return {
    target: 'reference',
    signature,
    get lengths() {
      return lengths;
    },
    run: (entry, inputs, runOptions = {}) => queue(async () => run(entry, inputs, runOptions)),
    reset: (dim) =>
      queue(async () => {
        for (const decl of program.states.values()) {
          if (dim === undefined || lengthDim(decl) === dim) states.delete(decl.name);
        }
        lengths = new Map([...lengths].map(([name, length]) => [name, dim === undefined || name === dim ? 0 : length]));
      }),
    dispose: () =>
      queue(async () => {
        disposed = true;
        states.clear();
        params.clear();
      }),
  };
}

function graphOf(program: Program, entry: string): Graph {
  const graph = program.entries.get(entry);
  if (graph === undefined) throw new Error(`no entry "${entry}"`); // checkInputs has refused it already
  return graph;
}

function ending({ end }: Graph['states'][number]): { value: Value } {
  return { value: end };
}

function emptyLengths(program: Program): Map<string, number> {
  return new Map([...program.states.values()].map((decl) => [lengthDim(decl), 0]));
}

function emptyTensor(value: Value, bindings: DimBindings): HostTensor {
  const shape = resolveShape(value.type.shape, bindings);
  return { dtype: value.type.dtype, shape, data: allocate(value.type.dtype, elementCount(shape)) };
}

/** Inputs arrive as Float32Array whatever the dtype; a half-precision model sees them rounded. */
function roundedInput(value: Value, inputs: HostTensors): HostTensor {
  const tensor = inputs[value.name];
  if (tensor === undefined) throw new Error(`no input "${value.name}"`); // checkInputs has refused it already
  return makeTensor(value.type.dtype, tensor.shape, (i) => tensor.data[i] ?? 0);
}
