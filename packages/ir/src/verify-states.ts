import { sameDim } from './dim.ts';
import { IrError } from './error.ts';
import { dimAt } from './infer.ts';
import type { Graph, Origin, Program, StateDecl } from './program.ts';
import { lengthDim } from './program.ts';
import { printType, sameType } from './types.ts';
import type { Value } from './value.ts';

/** A state and its version at the end of an entry. */
interface Ended {
  readonly decl: StateDecl;
  readonly end: Value;
}

/**
 * Linear use: a version of a state is updated at most once and never read after that, so that updating in place is
 * always right. States that share a length dim leave the entry equally long.
 */
export function verifyStates(program: Program, graph: Graph): void {
  const latest = verifyUpdates(graph);
  const ends = new Map<string, Ended>();
  for (const { state, start, end } of graph.states) {
    const decl = program.states.get(state);
    if (decl === undefined) throw fault(graph, `state "${state}" is not declared`);
    if (start.kind !== 'state' || start.state !== state || start.name !== state) {
      throw fault(graph, `state "${state}" starts as ${start.kind} "${start.name}"`);
    }
    if (!sameType(decl.type, start.type)) {
      throw fault(graph, `state "${state}" is ${printType(decl.type)}, used as ${printType(start.type)}`);
    }
    if ((latest.get(state) ?? start) !== end) throw fault(graph, `state "${state}" must end as its last version`);
    requireGrowthAlong(graph, decl, end);
    const other = ends.get(lengthDim(decl));
    if (other) requireSameLength(graph, other, { decl, end });
    ends.set(lengthDim(decl), { decl, end });
  }
  for (const decl of program.states.values()) {
    const sibling = ends.get(lengthDim(decl));
    if (sibling === undefined || sibling.end.kind === 'state') continue;
    if (graph.states.some(({ state }) => state === decl.name)) continue;
    throw fault(graph, `changes the length of "${lengthDim(decl)}" but leaves state "${decl.name}" as it is`);
  }
}

/** The newest version of every state that is updated. */
function verifyUpdates(graph: Graph): ReadonlyMap<string, Value> {
  const replaced = new Set<Value>();
  const latest = new Map<string, Value>();
  for (const node of graph.nodes) {
    const old = node.inputs.find((value) => replaced.has(value));
    if (old) {
      throw fault(graph, `${node.op.name} reads an old version of state "${old.state}" after its update`, node.origin);
    }
    if (!node.op.updatesState) continue;
    const [version] = node.inputs;
    if (version?.state === undefined) {
      throw fault(graph, `${node.op.name} updates ${version?.name}, which is no state`, node.origin);
    }
    const [next] = node.outputs;
    if (next?.state !== version.state) {
      throw fault(graph, `${node.op.name} must give a version of "${version.state}"`, node.origin);
    }
    replaced.add(version);
    latest.set(version.state, next);
  }
  const late = graph.outputs.find(({ value }) => replaced.has(value));
  if (late) {
    throw fault(graph, `output "${late.name}" is an old version of state "${late.value.state}"; return its newest`);
  }
  return latest;
}

function requireGrowthAlong(graph: Graph, decl: StateDecl, end: Value): void {
  const { shape } = decl.type;
  if (end.type.shape.every((dim, axis) => axis === decl.axis || sameDim(dim, dimAt(shape, axis)))) return;
  const [declared, found] = [printType(decl.type), printType(end.type)];
  throw fault(
    graph,
    `state "${decl.name}" is ${declared} and grows along axis ${decl.axis} alone, but ends as ${found}`,
  );
}

function requireSameLength(graph: Graph, a: Ended, b: Ended): void {
  const [x, y] = [dimAt(a.end.type.shape, a.decl.axis), dimAt(b.end.type.shape, b.decl.axis)];
  if (sameDim(x, y)) return;
  const names = `"${a.decl.name}" and "${b.decl.name}"`;
  throw fault(graph, `states ${names} share the dim "${lengthDim(a.decl)}" but end with ${x} and ${y} positions`);
}

function fault(graph: Graph, problem: string, origin?: Origin): IrError {
  return new IrError(`entry ${graph.name}: ${problem}`, origin);
}
