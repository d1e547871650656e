import { dtypeBytes, evaluateDim, type Program, productDims } from '@casement/ir';
import type { QuantizedParam } from '@casement/passes';

/** Params of one part of a model. */
export interface ParamPart {
  readonly part: string;
  readonly tensors: number;
  readonly elements: number;
  readonly bytes: number;
}

/** By the names that public checkpoints use; the first that fits counts. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['vision', /^(visual|vision_tower|vision_model)\./],
  ['embeddings', /(^|\.)embed_tokens\./],
  ['lm_head', /(^|\.)lm_head\./],
  ['fusion layers', /\.(casa_attn|casa_norm|cross_attn)\./],
  ['text layers', /^model\.(layers\.\d+|norm)\./],
];

/**
 * How many params each part has, in the order in which data passes them; parts without any are left out. A quantised
 * weight counts as one, with its elements, and with the bytes of what it consists of.
 */
export function paramParts(program: Program, quantized: ReadonlyMap<string, QuantizedParam> = new Map()): ParamPart[] {
  const weights = [...quantized.values()];
  const packed = new Map(weights.map(({ weight, parts }) => [parts.packed.name, weight]));
  const aside = new Set(weights.flatMap(({ parts }) => [parts.scales.name, parts.zeros?.name]));
  const parts = new Map(['vision', 'embeddings', 'text layers', 'fusion layers', 'lm_head', 'other'].map(empty));
  for (const [name, { type }] of program.params) {
    const part = parts.get(PARTS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other');
    if (part === undefined) continue; // the map has every part
    const elements = evaluateDim(productDims(type.shape), new Map());
    if (!aside.has(name)) {
      part.tensors++;
      part.elements += evaluateDim(productDims((packed.get(name)?.type ?? type).shape), new Map());
    }
    part.bytes += elements * dtypeBytes(type.dtype);
  }
  return [...parts.values()].filter(({ tensors }) => tensors > 0);
}

function empty(part: string): [string, { -readonly [K in keyof ParamPart]: ParamPart[K] }] {
  return [part, { part, tensors: 0, elements: 0, bytes: 0 }];
}
