import {
  dtypeBytes,
  elementCount,
  isFloat,
  makeNode,
  type Node,
  ops,
  type Program,
  type Quantization,
  type QuantizedAttrs,
  type QuantizedParts,
  quantizedParts,
  type Value,
} from '@casement/ir';
import type { PassResult } from './pass.ts';
import { rewriteGraph } from './rewriteGraph.ts';

/** A weight that a program now has in parts. */
export interface QuantizedParam {
  /** The param that it was. */
  readonly weight: Value;
  readonly how: Quantization;
  readonly parts: QuantizedParts;
}

export interface QuantizeResult extends PassResult {
  /** By the name that the weight had. */
  readonly quantized: ReadonlyMap<string, QuantizedParam>;
}

/** A weight and the values that stand for it. */
interface Replacement extends QuantizedParam {
  readonly attrs: QuantizedAttrs;
  /** Packed numbers, scales, and zero points if any. */
  readonly values: readonly Value[];
}

/**
 * Replaces weights by quantised ones: `linear` by one and `gather` of rows from one. A weight that several of them use,
 * such as a tied embedding, is quantised once. `choose` says how, or undefined to leave a weight alone. Vectors, and
 * what is no weight of a product or lookup, always stay.
 *
 * Requires: composite ops not expanded, else no `linear` is there to see.
 * Ensures: of the weights that are chosen, all are quantised but those that a note names: something else reads them,
 * or they would not become smaller. The last block of a row is padded where columns do not fill it.
 */
export function quantizeWeights(
  program: Program,
  choose: (weight: string) => Quantization | undefined,
): QuantizeResult {
  const notes: string[] = [];
  const replacements = new Map<Value, Replacement>();
  for (const param of program.params.values()) {
    const how = isMatrix(param) && isUsed(program, param) ? choose(param.name) : undefined;
    if (how === undefined) continue;
    const problem = whyNot(program, param, how);
    if (problem) notes.push(`left "${param.name}" as it is: ${problem}`);
    else replacements.set(param, replacementOf(param, how));
  }
  if (replacements.size === 0) return { program, changed: false, notes, quantized: new Map() };
  const params = [...program.params].flatMap(([name, param]) => {
    const values = replacements.get(param)?.values;
    return values ? values.map((value) => [value.name, value] as const) : [[name, param] as const];
  });
  const entries = [...program.entries].map(([name, graph]) => {
    return [name, rewriteGraph(graph, (node) => rewrite(node, replacements))] as const;
  });
  return {
    program: { ...program, params: new Map(params), entries: new Map(entries) },
    changed: true,
    notes,
    quantized: new Map([...replacements].map(([weight, { how, parts }]) => [weight.name, { weight, how, parts }])),
  };
}

/** Names of the weights that `quantizeWeights` can be asked for. */
export function quantizableWeights(program: Program): string[] {
  const weights = [...program.params.values()].filter((param) => isMatrix(param) && isUsed(program, param));
  return weights.map(({ name }) => name);
}

function isMatrix({ type }: Value): boolean {
  return type.shape.length === 2 && isFloat(type.dtype);
}

/** Whether a product or a lookup reads it. */
function isUsed(program: Program, param: Value): boolean {
  return nodesOf(program).some((node) => takesQuantized(node) && weightOf(node) === param);
}

function nodesOf({ entries }: Program): Node[] {
  return [...entries.values()].flatMap(({ nodes }) => nodes);
}

function takesQuantized({ op, attrs }: Node): boolean {
  return op.name === ops.linear.name || (op.name === ops.gather.name && attrs.axis === 0);
}

function weightOf({ op, inputs }: Node): Value | undefined {
  return inputs[op.name === ops.linear.name ? 1 : 0];
}

function whyNot(program: Program, param: Value, how: Quantization): string | undefined {
  const graphs = [...program.entries.values()];
  if (graphs.some(({ outputs }) => outputs.some(({ value }) => value === param))) return 'it is an output';
  const other = nodesOf(program).find(
    (node) => node.inputs.includes(param) && !(takesQuantized(node) && readsOnlyAsWeight(node, param)),
  );
  if (other) return `${other.op.name} "${other.outputs[0]?.name}" reads it, too`;
  const { packed, scales, zeros } = quantizedParts(param.name, sizesOf(param), how);
  const bytes = dtypeBytes(param.type.dtype);
  const before = elementCount(sizesOf(param)) * bytes;
  const after = elementCount(packed.shape) + elementCount(scales.shape) * bytes + elementCount(zeros?.shape ?? [0]);
  return after < before ? undefined : `${after} bytes instead of ${before} save nothing`;
}

function readsOnlyAsWeight(node: Node, param: Value): boolean {
  return weightOf(node) === param && node.inputs.filter((value) => value === param).length === 1;
}

function sizesOf({ type }: Value): [number, number] {
  return [Number(type.shape[0]), Number(type.shape[1])]; // params have fixed sizes, says the verifier
}

function replacementOf(param: Value, how: Quantization): Replacement {
  const [rows, columns] = sizesOf(param);
  const parts = quantizedParts(param.name, [rows, columns], how);
  const { packed, scales, zeros } = parts;
  const value = ({ name, shape }: QuantizedParts['packed'], dtype: Value['type']['dtype']): Value => {
    return { kind: 'param', name, type: { dtype, shape } };
  };
  const values = [value(packed, 'u8'), value(scales, param.type.dtype), ...(zeros ? [value(zeros, 'u8')] : [])];
  return { weight: param, how, parts, attrs: { bits: how.bits, block: how.block, columns }, values };
}

function rewrite(node: Node, replacements: ReadonlyMap<Value, Replacement>) {
  const weight = takesQuantized(node) ? weightOf(node) : undefined;
  const replacement = weight && replacements.get(weight);
  if (replacement === undefined) return undefined;
  const { attrs, values } = replacement;
  const isLinear = node.op.name === ops.linear.name;
  const [first, second, ...bias] = node.inputs;
  const inputs = [...(isLinear ? [first] : [second]), ...values, ...bias].flatMap((value) => value ?? []);
  const op = isLinear ? ops.quantizedLinear : ops.quantizedGather;
  const made = makeNode(op, inputs, attrs, node.origin, () => node.outputs[0]?.name ?? op.name);
  return { nodes: [{ ...made, outputs: node.outputs }] };
}
