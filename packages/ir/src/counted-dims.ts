import { type Dim, type DimBindings, type DimBounds, evaluateDim, productDims, upperBound } from './dim.ts';
import type { IrError } from './error.ts';
import type { Graph, Node, Program } from './program.ts';

/**
 * Dims whose values depend on data: a node counts them (`op.counts`) and gives its result that length. It counts at most
 * the elements of its first operand, so that memory and grids can be planned.
 */

/** The dim that a node counts, if it counts one. */
export function countedDim({ op, attrs }: Node): string | undefined {
  return op.counts ? String(attrs.count) : undefined;
}

/** The dims that an entry counts, in order, each with the most that it can be: a size in dims known before. */
export function countedDims(graph: Graph): ReadonlyMap<string, Dim> {
  return new Map(
    graph.nodes.flatMap((node) => {
      const name = countedDim(node);
      return name === undefined ? [] : [[name, mostOf(node)] as const];
    }),
  );
}

/** The bindings with every counted dim at its most. */
export function withMost(graph: Graph, bindings: DimBindings): DimBindings {
  const all = new Map(bindings);
  for (const [name, most] of countedDims(graph)) all.set(name, evaluateDim(most, all));
  return all;
}

/** Each is declared with room for the most, counted once, and on no input or state; nothing uses it before. */
export function verifyCounted(program: Program, graph: Graph, fail: (problem: string, node?: Node) => IrError): void {
  const counters = new Map<string, Node>();
  for (const node of graph.nodes) {
    const name = countedDim(node);
    if (name === undefined) continue;
    if (counters.has(name)) {
      throw fail(`dim "${name}" is counted twice; count it once and gather every tensor by the same indices`, node);
    }
    counters.set(name, node);
    requireRoom(name, mostOf(node), program.dims, (problem) => fail(problem, node));
  }
  for (const { kind, name, type } of [...graph.inputs, ...graph.states.map(({ start }) => start)]) {
    const counted = namesIn(type.shape).find((dim) => counters.has(dim));
    if (counted === undefined) continue;
    throw fail(`dim "${counted}" is counted by a node, so ${kind} "${name}" cannot have it`, counters.get(counted));
  }
}

function requireRoom(
  name: string,
  most: Dim,
  dims: ReadonlyMap<string, DimBounds>,
  fail: (problem: string) => IrError,
): void {
  const bounds = dims.get(name);
  if (bounds === undefined) throw fail(`dim "${name}" is not declared`);
  const largest = upperBound(most, dims);
  if (bounds.min === 0 && bounds.max >= largest && bounds.multipleOf === 1) return;
  throw fail(`dim "${name}" is counted, so it can be any number from 0 to ${largest}; declare it with these bounds`);
}

/** Names of dims in a shape. */
export function namesIn(shape: readonly Dim[]): readonly string[] {
  return shape.flatMap((dim) => (typeof dim === 'number' ? [] : dim.names));
}

function mostOf({ inputs }: Node): Dim {
  return productDims(inputs[0]?.type.shape ?? []);
}
