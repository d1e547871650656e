import { type Dim, isWhole, SymbolicDim } from './dim.ts';
import { IrError } from './error.ts';
import type { Attrs, AttrValue } from './op.ts';
import type { Graph, Node, Program } from './program.ts';
import { lengthDim } from './program.ts';
import { printType, sameType } from './types.ts';
import type { Value } from './value.ts';
import { verifyStates } from './verify-states.ts';

/**
 * Checks everything that targets rely on: values are defined before use and once, types are what ops infer, dims are
 * declared and whole, states are used linearly. Throws IrError at the first fault.
 */
export function verifyProgram(program: Program): void {
  for (const [name, value] of program.params) {
    if (value.kind !== 'param' || value.name !== name) throw new IrError(`param "${name}" holds ${value.name}`);
    if (value.type.shape.some((dim) => typeof dim !== 'number')) {
      throw new IrError(`param "${name}" must have fixed sizes, got ${printType(value.type)}`);
    }
  }
  for (const state of program.states.values()) {
    const length = state.type.shape[state.axis];
    if (!(length instanceof SymbolicDim) || !program.dims.has(lengthDim(state))) {
      throw new IrError(`state "${state.name}" must grow along a declared dim, got ${printType(state.type)}`);
    }
  }
  for (const graph of program.entries.values()) verifyGraph(program, graph);
}

function verifyGraph(program: Program, graph: Graph): void {
  const defined = new Set<Value>(program.params.values());
  const names = new Set<string>();
  const define = (value: Value, node?: Node) => {
    if (names.has(value.name)) throw fault(graph, node, `the name "${value.name}" is defined twice`);
    names.add(value.name);
    defined.add(value);
    verifyDims(program, value.type.shape, (problem) => fault(graph, node, `${value.name}: ${problem}`));
  };
  const requireDefined = (value: Value, node?: Node) => {
    if (!defined.has(value)) throw fault(graph, node, `${value.kind} "${value.name}" is used but not defined before`);
  };
  for (const input of graph.inputs) define(input);
  for (const { start } of graph.states) {
    defined.add(start);
    if (!program.states.has(start.name)) throw fault(graph, undefined, `state "${start.name}" is not declared`);
  }
  for (const node of graph.nodes) {
    for (const value of node.inputs) requireDefined(value, node);
    verifyTypes(graph, node);
    verifyDims(program, dimsOf(node.attrs), (problem) => fault(graph, node, problem));
    for (const value of node.outputs) define(value, node);
  }
  for (const { value } of graph.outputs) requireDefined(value);
  for (const { end } of graph.states) requireDefined(end);
  verifyStates(program, graph);
}

function verifyTypes(graph: Graph, node: Node): void {
  const inferred = node.op.infer(
    node.inputs.map((value) => value.type),
    node.attrs,
  );
  node.outputs.forEach((value, i) => {
    const type = inferred[i];
    if (type === undefined || !sameType(type, value.type)) {
      const found = type === undefined ? 'nothing' : printType(type);
      throw fault(
        graph,
        node,
        `${value.name} is declared ${printType(value.type)}, but ${node.op.name} gives ${found}`,
      );
    }
  });
}

function verifyDims(program: Program, dims: readonly Dim[], fail: (problem: string) => IrError): void {
  for (const dim of dims) {
    if (typeof dim === 'number') continue;
    const unknown = dim.names.find((name) => !program.dims.has(name));
    if (unknown !== undefined) throw fail(`dim "${unknown}" is not declared`);
    if (!isWhole(dim, program.dims)) {
      throw fail(`size ${dim} is not a whole number for every value of its dims; declare a multipleOf`);
    }
  }
}

function dimsOf(attrs: Attrs): readonly Dim[] {
  const collect = (value: AttrValue): readonly Dim[] => {
    if (value instanceof SymbolicDim) return [value];
    return Array.isArray(value) ? value.flatMap(collect) : [];
  };
  return Object.values(attrs).flatMap(collect);
}

function fault(graph: Graph, node: Node | undefined, problem: string): IrError {
  return new IrError(`entry ${graph.name}: ${problem}`, node?.origin);
}
