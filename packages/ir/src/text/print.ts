import { isSymbolic } from '../dim.ts';
import type { Attrs, AttrValue } from '../op.ts';
import type { Graph, Node, Origin, Program } from '../program.ts';
import { printType } from '../types.ts';
import type { Value } from '../value.ts';

/**
 * The text form of a program; `parseProgram` reads it back to the same program.
 *
 *     program casa
 *     dim seq = 1 .. 512
 *     param @lm_head.weight : f32[256 64]
 *     state $layers.0.keys : f32[1 past 2 16] axis 1
 *     entry step(%input_ids : i32[1 seq]) {
 *       %gather_0 : f32[1 seq 64] = gather(@embed.weight, %input_ids) {axis=0} in "model" at "model.ts":12:3
 *       return logits = %gather_0
 *     }
 */
export function printProgram(program: Program): string {
  const lines = [`program ${program.name}`];
  for (const [name, { min, max, multipleOf }] of program.dims) {
    lines.push(`dim ${name} = ${min} .. ${max}${multipleOf === 1 ? '' : ` step ${multipleOf}`}`);
  }
  for (const param of program.params.values()) lines.push(`param @${param.name} : ${printType(param.type)}`);
  for (const state of program.states.values()) {
    lines.push(`state $${state.name} : ${printType(state.type)} axis ${state.axis}`);
  }
  for (const graph of program.entries.values()) lines.push('', ...printGraph(graph));
  return `${lines.join('\n')}\n`;
}

export function printGraph(graph: Graph): string[] {
  const inputs = graph.inputs.map((input) => `%${input.name} : ${printType(input.type)}`);
  return [
    `entry ${graph.name}(${inputs.join(', ')}) {`,
    ...graph.nodes.map((node) => `  ${printNode(node)}`),
    ...graph.states.map(({ state, end }) => `  keep $${state} = ${printValue(end)}`),
    ...graph.outputs.map(({ name, value }) => `  return ${name} = ${printValue(value)}`),
    '}',
  ];
}

/** One line: results with types, op, operands, attributes, origin. */
export function printNode(node: Node): string {
  const results = node.outputs.map((value) => `%${value.name} : ${printType(value.type)}`).join(', ');
  const operands = node.inputs.map(printValue).join(', ');
  return `${results} = ${node.op.name}(${operands})${printAttrs(node.attrs)}${printOrigin(node.origin)}`;
}

/** `%name` for inputs and results, `@name` for params, `$name` for the first version of a state. */
export function printValue(value: Value): string {
  const sigil = value.kind === 'param' ? '@' : value.kind === 'state' ? '$' : '%';
  return sigil + value.name;
}

/** ` {axis=1, keepDims=true}`; empty for an op without attributes. */
export function printAttrs(attrs: Attrs): string {
  const entries = Object.entries(attrs).map(([key, value]) => `${key}=${printAttr(value)}`);
  return entries.length === 0 ? '' : ` {${entries.join(', ')}}`;
}

function printAttr(value: AttrValue): string {
  if (isSymbolic(value)) return String(value).replaceAll(' ', '');
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return typeof value === 'boolean' ? String(value) : `[${value.map(printAttr).join(' ')}]`;
}

function printOrigin({ scope, place }: Origin): string {
  const inScope = scope === '' ? '' : ` in ${JSON.stringify(scope)}`;
  return place ? `${inScope} at ${JSON.stringify(place.file)}:${place.line}:${place.column}` : inScope;
}
