import { inferTypes } from './builder.ts';
import { countedDim, countedDims, namesIn, verifyCounted } from './counted-dims.ts';
import { IrError } from './error.ts';
import type { Graph, Node, Program } from './program.ts';
import { printType, sameType } from './types.ts';
import type { Value } from './value.ts';
import { requirePrintable, verifyDeclarations } from './verify-declarations.ts';
import { symbolicDims, verifyDims } from './verify-dims.ts';
import { verifyStates } from './verify-states.ts';

/**
 * Checks everything that targets rely on: values are defined before use and once, types are what ops infer, dims are
 * declared and whole, states are used linearly, names can be printed. Throws IrError at the first fault.
 */
export function verifyProgram(program: Program): void {
  verifyDeclarations(program);
  for (const [name, graph] of program.entries) {
    if (graph.name !== name) throw new IrError(`entry "${name}" holds the graph "${graph.name}"`);
    verifyGraph(program, graph);
  }
}

function verifyGraph(program: Program, graph: Graph): void {
  const defined = new Set<Value>(program.params.values());
  const names = new Set<string>();
  const define = (value: Value, node?: Node) => {
    const fail = (problem: string) => fault(graph, node, problem);
    if (names.has(value.name)) throw fail(`the name "${value.name}" is defined twice`);
    requirePrintable(value.name, fail);
    names.add(value.name);
    defined.add(value);
    verifyDims(program, value.type.shape, (problem) => fail(`${value.name}: ${problem}`));
  };
  const requireDefined = (value: Value, node?: Node) => {
    if (!defined.has(value)) throw fault(graph, node, `${value.kind} "${value.name}" is used but not defined before`);
  };
  const uncounted = new Set(countedDims(graph).keys());
  if (!/^\w+$/.test(graph.name)) throw fault(graph, undefined, 'an entry needs a name of letters, digits and _');
  for (const input of graph.inputs) define(input);
  for (const { start } of graph.states) defined.add(start);
  for (const node of graph.nodes) {
    for (const value of node.inputs) requireDefined(value, node);
    verifyTypes(graph, node);
    verifyDims(program, symbolicDims(node.attrs), (problem) => fault(graph, node, problem));
    const own = countedDim(node);
    if (own !== undefined) uncounted.delete(own);
    const dims = [...symbolicDims(node.attrs), ...node.outputs.flatMap(({ type }) => type.shape)];
    const early = namesIn(dims).find((name) => uncounted.has(name));
    if (early !== undefined) throw fault(graph, node, `${node.op.name} uses dim "${early}" before it is counted`);
    for (const value of node.outputs) define(value, node);
  }
  const outputs = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (outputs.has(name)) throw fault(graph, undefined, `two outputs are named "${name}"`);
    requirePrintable(name, (problem) => fault(graph, undefined, problem));
    requireDefined(value);
    outputs.add(name);
  }
  for (const { end } of graph.states) requireDefined(end);
  verifyStates(program, graph);
  verifyCounted(program, graph, (problem, node) => fault(graph, node, problem));
}

function verifyTypes(graph: Graph, node: Node): void {
  const inferred = inferTypes(node.op, node.inputs, node.attrs, node.origin);
  if (inferred.length !== node.outputs.length) {
    throw fault(graph, node, `${node.op.name} has ${inferred.length} results, not ${node.outputs.length}`);
  }
  node.outputs.forEach((value, i) => {
    const type = inferred[i];
    if (type && sameType(type, value.type)) return;
    const found = type ? printType(type) : 'nothing';
    throw fault(graph, node, `${value.name} is declared ${printType(value.type)}, but ${node.op.name} gives ${found}`);
  });
}

function fault(graph: Graph, node: Node | undefined, problem: string): IrError {
  return new IrError(`entry ${graph.name}: ${problem}`, node?.origin);
}
