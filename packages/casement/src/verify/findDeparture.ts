import { type Graph, type Program, printNode, printPlace } from '@casement/ir';
import type { Executor, HostTensor, HostTensors } from '@casement/session';
import { compareTensors, type Difference, largestMagnitude } from './compare.ts';

/** The first node, in execution order, whose result on a target is not what the reference computes. */
export interface Departure {
  readonly entry: string;
  /** Which run of that entry, from 0. */
  readonly run: number;
  readonly value: string;
  /** The node as text, with its shapes. */
  readonly node: string;
  readonly scope: string;
  readonly place: string | undefined;
  readonly maxAbsolute: number;
  readonly maxRelative: number;
}

/** Runs entries of a model one after another; each step of the generator is a moment to compare what was run. */
export type Drive = (executor: Executor) => AsyncIterator<unknown>;

/**
 * Drives two executors of `program`, whose every value is an output (`exposeValues`), alike, and compares them run by
 * run. A value departs when it differs by more than `tolerance` of its largest magnitude, or in shape.
 */
export async function findDeparture(
  program: Program,
  executors: { readonly reference: Executor; readonly target: Executor },
  drive: Drive,
  tolerance: number,
): Promise<Departure | undefined> {
  const expected = recording(executors.reference);
  const actual = recording(executors.target);
  const drives = [drive(expected.executor), drive(actual.executor)];
  for (;;) {
    let done = true;
    for (const steps of drives) done = (await steps.next()).done === true && done;
    const departure = firstDifference(program, expected.runs, actual.runs, tolerance);
    if (departure || done) return departure;
    expected.runs.fill(undefined);
    actual.runs.fill(undefined);
  }
}

interface Run {
  readonly entry: string;
  readonly outputs: HostTensors;
}

/** Compared runs are forgotten: `undefined` in their place keeps the count. */
type Runs = (Run | undefined)[];

function recording(executor: Executor): { executor: Executor; runs: Runs } {
  const runs: Runs = [];
  const run: Executor['run'] = async (entry, inputs, options) => {
    const outputs = await executor.run(entry, inputs, options);
    runs.push({ entry, outputs });
    return outputs;
  };
  const recorded: Executor = {
    target: executor.target,
    signature: executor.signature,
    get lengths() {
      return executor.lengths;
    },
    run,
    reset: (dim) => executor.reset(dim),
    dispose: () => executor.dispose(),
  };
  return { executor: recorded, runs };
}

function firstDifference(program: Program, expected: Runs, actual: Runs, tolerance: number): Departure | undefined {
  for (const [index, reference] of expected.entries()) {
    if (reference === undefined) continue;
    const count = expected.slice(0, index).filter((run) => run?.entry === reference.entry).length;
    const graph = program.entries.get(reference.entry);
    const found = graph && firstDeparture(graph, reference.outputs, actual[index]?.outputs ?? {}, tolerance);
    if (found) return { entry: reference.entry, run: count, ...found };
  }
  return undefined;
}

/** The first node whose results differ, in one run of a graph whose results are all outputs (`exposeValues`). */
export function firstDeparture(
  graph: Graph,
  expected: HostTensors,
  actual: HostTensors,
  tolerance: number,
): Omit<Departure, 'entry' | 'run'> | undefined {
  const names = new Map(graph.outputs.map(({ name, value }) => [value, name]));
  for (const node of graph.nodes) {
    for (const value of node.outputs) {
      const [wanted, got] = [expected[names.get(value) ?? ''], actual[names.get(value) ?? '']];
      if (wanted === undefined || got === undefined) continue;
      const { maxAbsolute, maxRelative } = departureOf(got, wanted);
      const magnitude = largestMagnitude(wanted.data);
      if (maxAbsolute <= tolerance * Math.max(magnitude, Number.MIN_VALUE)) continue;
      const { scope, place } = node.origin;
      const at = place && printPlace(place);
      return { value: value.name, node: printNode(node), scope, place: at, maxAbsolute, maxRelative };
    }
  }
  return undefined;
}

/** Lengths that depend on data may differ too, once the data do. */
function departureOf(got: HostTensor, wanted: HostTensor): Pick<Difference, 'maxAbsolute' | 'maxRelative'> {
  if (got.shape.join() === wanted.shape.join()) return compareTensors(got, wanted);
  return { maxAbsolute: Number.POSITIVE_INFINITY, maxRelative: Number.POSITIVE_INFINITY };
}
