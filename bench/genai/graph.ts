import { namedDim } from '@casement/ir';
import {
  type Attribute,
  attributeProto,
  encodeModel,
  inlineTensor,
  type Onnx,
  valueInfo,
  type WeightPlace,
  weightTensor,
} from '../../packages/onnx/src/proto.ts';
import type { Decoder } from './decoder.ts';

/** A graph that is being written. */
export interface GraphDraft {
  readonly initializers: Onnx.ITensorProto[];
  /** Adds a node and names its first output. */
  node(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    domain?: '' | 'com.microsoft',
  ): string;
}

/** The rows of several weights [out in], one below the other. */
export interface Product {
  /** Of what the graph adds for it. */
  readonly name: string;
  readonly of: readonly string[];
  readonly rows: number;
  readonly columns: number;
}

/** How a kind of weights enters the graph. */
export interface GraphWeights {
  norm(name: string): WeightPlace;
  /** Adds the lookup of `input_ids` in the embedding, to the output `output`. */
  lookUp(draft: GraphDraft, output: string): void;
  /** Adds x times a weight, to the output `output`. */
  multiply(draft: GraphDraft, x: string, product: Product, output: string): void;
}

/**
 * The decoder as onnxruntime-genai's model builder lays it out (src/python/py/models/builder.py): packed QKV, attention that
 * rotates, norms that carry the residual. Logits are those of the last token, as its option prune_lm_head has it.
 */
export function genaiGraph(c: Decoder, weights: GraphWeights): Uint8Array {
  const nodes: Onnx.INodeProto[] = [];
  const initializer: Onnx.ITensorProto[] = [];
  const node: GraphDraft['node'] = (opType, input, output, attributes = {}, domain = '') => {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    nodes.push({ opType, domain, name: output[0] ?? opType, input: [...input], output: [...output], attribute });
    return output[0] ?? '';
  };
  const draft: GraphDraft = { initializers: initializer, node };
  const matmul = (x: string, name: string, rows: number, columns: number, ...of: readonly string[]): string => {
    weights.multiply(draft, x, { name, of, rows, columns }, `${name}.out`);
    return `${name}.out`;
  };

  const [qSize, kvSize] = [c.heads * c.headDim, c.kvHeads * c.headDim];
  for (const [name, values] of rotaryTables(c)) {
    initializer.push(inlineTensor(name, 'f32', [c.capacity, c.headDim / 2], new Uint8Array(values.buffer)));
  }
  weights.lookUp(draft, 'embedded');
  let residual = 'embedded';
  let added: string | undefined;
  /** Adds what the last block gave to the residual, and norms the sum. */
  const normed = (name: string): string => {
    initializer.push(weightTensor(name, 'f32', [c.hidden], weights.norm(name)));
    const epsilon: Attribute = { float: c.eps };
    if (added === undefined) {
      const attributes = { epsilon, axis: { int: -1 }, stash_type: { int: 1 } };
      return node('SimplifiedLayerNormalization', [residual, name], [`${name}.out`], attributes);
    }
    const sum = `${name}.sum`;
    const outputs = [`${name}.out`, '', '', sum];
    const [before, last] = [residual, added];
    residual = sum;
    return node('SkipSimplifiedLayerNormalization', [before, last, name], outputs, { epsilon }, 'com.microsoft');
  };

  for (let layer = 0; layer < c.layers; layer++) {
    const at = `model.layers.${layer}`;
    const own = (part: string, ...names: readonly string[]) => names.map((name) => `${at}.${part}.${name}_proj.weight`);
    const x = normed(`${at}.input_layernorm.weight`);
    const qkv = matmul(x, `${at}.qkv`, qSize + 2 * kvSize, c.hidden, ...own('self_attn', 'q', 'k', 'v'));
    const mixed = node(
      'GroupQueryAttention',
      [
        ...[qkv, '', '', `past_key_values.${layer}.key`, `past_key_values.${layer}.value`],
        ...['seqlens_k', 'total_sequence_length', 'cos_cache', 'sin_cache'],
      ],
      [`${at}.mixed`, `present.${layer}.key`, `present.${layer}.value`],
      {
        num_heads: { int: c.heads },
        kv_num_heads: { int: c.kvHeads },
        scale: { float: 1 / Math.sqrt(c.headDim) },
        do_rotary: { int: 1 },
        rotary_interleaved: { int: 0 },
      },
      'com.microsoft',
    );
    added = matmul(mixed, `${at}.o`, c.hidden, qSize, ...own('self_attn', 'o'));
    const h = normed(`${at}.post_attention_layernorm.weight`);
    const gate = matmul(h, `${at}.gate`, c.ffn, c.hidden, ...own('mlp', 'gate'));
    const up = matmul(h, `${at}.up`, c.ffn, c.hidden, ...own('mlp', 'up'));
    const silu = node('Mul', [gate, node('Sigmoid', [gate], [`${at}.sigmoid`])], [`${at}.silu`]);
    added = matmul(node('Mul', [silu, up], [`${at}.gated`]), `${at}.down`, c.hidden, c.ffn, ...own('mlp', 'down'));
  }
  const last = normed('model.norm.weight');
  initializer.push(inlineTensor('last', 'i64', [1], new Uint8Array(BigInt64Array.of(-1n).buffer)));
  const row = node('Gather', [last, 'last'], ['last_hidden'], { axis: { int: 1 } });
  const head = { name: 'lm_head', of: ['lm_head.weight'], rows: c.vocab, columns: c.hidden };
  weights.multiply(draft, row, head, 'logits');

  const caches = Array.from({ length: c.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  const cache = { dtype: 'f32', shape: [1, c.kvHeads, c.capacity, c.headDim] } as const;
  const graph: Onnx.IGraphProto = {
    name: 'genai',
    node: nodes,
    initializer,
    input: [
      valueInfo('input_ids', { dtype: 'i64', shape: [1, namedDim('seq')] }),
      valueInfo('seqlens_k', { dtype: 'i32', shape: [1] }),
      valueInfo('total_sequence_length', { dtype: 'i32', shape: [] }),
      ...caches.map((name) => valueInfo(`past_key_values.${name}`, cache)),
    ],
    output: [
      valueInfo('logits', { dtype: 'f32', shape: [1, 1, c.vocab] }),
      ...caches.map((name) => valueInfo(`present.${name}`, cache)),
    ],
  };
  return encodeModel(graph, [
    { domain: '', version: 21 },
    { domain: 'com.microsoft', version: 1 },
  ]);
}

function rotaryTables({ capacity, headDim, theta }: Decoder): readonly (readonly [string, Float32Array])[] {
  const half = headDim / 2;
  const angles = Float32Array.from({ length: capacity * half }, (_, i) => {
    return Math.floor(i / half) * theta ** (-(i % half) / half);
  });
  return [
    ['cos_cache', angles.map(Math.cos)],
    ['sin_cache', angles.map(Math.sin)],
  ];
}
