import { sameDim } from './dim.ts';
import { IrError } from './error.ts';
import type { Graph, Program } from './program.ts';
import { lengthDim } from './program.ts';
import { printType, sameType } from './types.ts';
import type { Value } from './value.ts';

/**
 * Linear use: a version of a state is updated at most once and never read after that, so that updating in place is
 * always right. States that share a length dim leave the entry equally long.
 */
export function verifyStates(program: Program, graph: Graph): void {
  const replaced = new Set<Value>();
  const latest = new Map(graph.states.map(({ state, start }) => [state, start]));
  for (const node of graph.nodes) {
    for (const value of node.inputs) {
      if (replaced.has(value)) {
        throw new IrError(
          `entry ${graph.name}: ${node.op.name} reads an old version of state "${value.state}" after its update`,
          node.origin,
        );
      }
    }
    const [state] = node.inputs;
    if (!node.op.updatesState) continue;
    if (state?.state === undefined) {
      throw new IrError(`entry ${graph.name}: ${node.op.name} updates ${state?.name}, which is no state`, node.origin);
    }
    replaced.add(state);
    const next = node.outputs[0];
    if (next?.state !== state.state) {
      throw new IrError(`entry ${graph.name}: ${node.op.name} must give a version of "${state.state}"`, node.origin);
    }
    latest.set(state.state, next);
  }
  const lengths = new Map<string, { state: string; end: Value; axis: number }>();
  for (const { state, start, end } of graph.states) {
    const decl = program.states.get(state);
    if (decl === undefined) throw new IrError(`entry ${graph.name}: state "${state}" is not declared`);
    if (!sameType(decl.type, start.type)) {
      throw new IrError(
        `entry ${graph.name}: state "${state}" is ${printType(decl.type)}, used as ${printType(start.type)}`,
      );
    }
    if (latest.get(state) !== end)
      throw new IrError(`entry ${graph.name}: state "${state}" must end as its last version`);
    const other = lengths.get(lengthDim(decl));
    const length = end.type.shape[decl.axis] ?? 0;
    const otherLength = other?.end.type.shape[other.axis] ?? 0;
    if (other && !sameDim(length, otherLength)) {
      throw new IrError(
        `entry ${graph.name}: states "${other.state}" and "${state}" share the dim "${lengthDim(decl)}" but end with ` +
          `${otherLength} and ${length} positions`,
      );
    }
    lengths.set(lengthDim(decl), { state, end, axis: decl.axis });
  }
  requireAllOrNone(program, graph, lengths);
}

function requireAllOrNone(program: Program, graph: Graph, lengths: ReadonlyMap<string, { end: Value }>): void {
  const used = new Map(graph.states.map((use) => [use.state, use]));
  for (const decl of program.states.values()) {
    const sibling = lengths.get(lengthDim(decl));
    if (used.has(decl.name) || sibling === undefined || sibling.end.kind === 'state') continue;
    throw new IrError(
      `entry ${graph.name}: changes the length of "${lengthDim(decl)}" but leaves state "${decl.name}" as it is`,
    );
  }
}
