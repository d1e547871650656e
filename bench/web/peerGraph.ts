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

/** A text decoder of Llama's kind. */
export interface PeerConfig {
  readonly vocab: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly eps: number;
  readonly theta: number;
  /** Rows of the caches, and of the tables of rotary positions. */
  readonly capacity: number;
}

/** A weight [rows columns] in MatMulNBits' layout: blocks of 32, 4 bits, no zero points. */
export interface PackedWeight {
  readonly packed: WeightPlace;
  readonly scales: WeightPlace;
}

export interface PeerWeights {
  norm(name: string): Uint8Array;
  /** The rows of several weights, one after another. */
  packed(...names: readonly string[]): PackedWeight;
}

const BLOCK = 32;

/**
 * The decoder as onnxruntime-genai's model builder lays it out for WebGPU (src/python/py/models/builder.py, 0.11):
 * packed QKV, GroupQueryAttention that rotates, norms that carry the residual, 4-bit products and embedding. Logits are
 * those of the last token only, as its option prune_lm_head makes them.
 */
export function peerGraph(c: PeerConfig, weights: PeerWeights): Uint8Array {
  const nodes: Onnx.INodeProto[] = [];
  const initializer: Onnx.ITensorProto[] = [];
  const node = (
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = 'com.microsoft',
  ): string => {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    nodes.push({ opType, domain, name: output[0] ?? opType, input: [...input], output: [...output], attribute });
    return output[0] ?? '';
  };
  const f32 = (name: string, shape: readonly number[], bytes: Uint8Array): string => {
    initializer.push(inlineTensor(name, 'f32', shape, bytes));
    return name;
  };
  const quantised = (name: string, rows: number, columns: number, place: PackedWeight): readonly [string, string] => {
    const blocks = columns / BLOCK;
    initializer.push(weightTensor(`${name}.packed`, 'u8', [rows, blocks, BLOCK / 2], place.packed));
    initializer.push(weightTensor(`${name}.scales`, 'f32', [rows * blocks], place.scales));
    return [`${name}.packed`, `${name}.scales`];
  };
  const matmul = (x: string, name: string, rows: number, columns: number, place: PackedWeight): string =>
    node('MatMulNBits', [x, ...quantised(name, rows, columns, place)], [`${name}.out`], {
      K: { int: columns },
      N: { int: rows },
      bits: { int: 4 },
      block_size: { int: BLOCK },
    });

  const [qSize, kvSize] = [c.heads * c.headDim, c.kvHeads * c.headDim];
  const { cos, sin } = rotaryTables(c);
  f32('cos', [c.capacity, c.headDim / 2], cos);
  f32('sin', [c.capacity, c.headDim / 2], sin);

  const table = weights.packed('model.embed_tokens.weight');
  initializer.push(weightTensor('embed.packed', 'u8', [c.vocab, c.hidden / 2], table.packed));
  initializer.push(weightTensor('embed.scales', 'f32', [c.vocab, c.hidden / BLOCK], table.scales));
  let residual = node('GatherBlockQuantized', ['embed.packed', 'input_ids', 'embed.scales'], ['embedded'], {
    bits: { int: 4 },
    block_size: { int: BLOCK },
    gather_axis: { int: 0 },
    quantize_axis: { int: 1 },
  });
  let added: string | undefined;
  /** Adds what the last block gave to the residual, and norms the sum. */
  const normed = (name: string): string => {
    const weight = f32(name, [c.hidden], weights.norm(name));
    const epsilon: Attribute = { float: c.eps };
    if (added === undefined) {
      const attributes = { epsilon, axis: { int: -1 }, stash_type: { int: 1 } };
      return node('SimplifiedLayerNormalization', [residual, weight], [`${name}.out`], attributes, '');
    }
    const sum = `${name}.sum`;
    const out = node('SkipSimplifiedLayerNormalization', [residual, added, weight], [`${name}.out`, '', '', sum], {
      epsilon,
    });
    residual = sum;
    return out;
  };

  for (let layer = 0; layer < c.layers; layer++) {
    const at = `model.layers.${layer}`;
    const x = normed(`${at}.input_layernorm.weight`);
    const names = ['q_proj', 'k_proj', 'v_proj'].map((name) => `${at}.self_attn.${name}.weight`);
    const qkv = matmul(x, `${at}.qkv`, qSize + 2 * kvSize, c.hidden, weights.packed(...names));
    const [pastK, pastV] = [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`];
    const mixed = node(
      'GroupQueryAttention',
      [qkv, '', '', pastK, pastV, 'seqlens_k', 'total_sequence_length', 'cos', 'sin'],
      [`${at}.mixed`, `present.${layer}.key`, `present.${layer}.value`],
      {
        num_heads: { int: c.heads },
        kv_num_heads: { int: c.kvHeads },
        scale: { float: 1 / Math.sqrt(c.headDim) },
        do_rotary: { int: 1 },
        rotary_interleaved: { int: 0 },
      },
    );
    added = matmul(mixed, `${at}.o`, c.hidden, qSize, weights.packed(`${at}.self_attn.o_proj.weight`));
    const h = normed(`${at}.post_attention_layernorm.weight`);
    const gate = matmul(h, `${at}.gate`, c.ffn, c.hidden, weights.packed(`${at}.mlp.gate_proj.weight`));
    const up = matmul(h, `${at}.up`, c.ffn, c.hidden, weights.packed(`${at}.mlp.up_proj.weight`));
    const sigmoid = node('Sigmoid', [gate], [`${at}.sigmoid`], {}, '');
    const silu = node('Mul', [gate, sigmoid], [`${at}.silu`], {}, '');
    const gated = node('Mul', [silu, up], [`${at}.gated`], {}, '');
    added = matmul(gated, `${at}.down`, c.hidden, c.ffn, weights.packed(`${at}.mlp.down_proj.weight`));
  }
  const last = normed('model.norm.weight');
  initializer.push(inlineTensor('last', 'i64', [1], new Uint8Array(BigInt64Array.of(-1n).buffer)));
  const row = node('Gather', [last, 'last'], ['last_hidden'], { axis: { int: 1 } }, '');
  const logits = matmul(row, 'lm_head', c.vocab, c.hidden, weights.packed('lm_head.weight'));
  node('Identity', [logits], ['logits'], {}, '');

  const caches = Array.from({ length: c.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  const cacheType = { dtype: 'f32', shape: [1, c.kvHeads, c.capacity, c.headDim] } as const;
  const graph: Onnx.IGraphProto = {
    name: 'peer',
    node: nodes,
    initializer,
    input: [
      valueInfo('input_ids', { dtype: 'i64', shape: [1, namedDim('seq')] }),
      valueInfo('seqlens_k', { dtype: 'i32', shape: [1] }),
      valueInfo('total_sequence_length', { dtype: 'i32', shape: [] }),
      ...caches.map((name) => valueInfo(`past_key_values.${name}`, cacheType)),
    ],
    output: [
      valueInfo('logits', { dtype: 'f32', shape: [1, 1, c.vocab] }),
      ...caches.map((name) => valueInfo(`present.${name}`, cacheType)),
    ],
  };
  return encodeModel(graph, [
    { domain: '', version: 21 },
    { domain: 'com.microsoft', version: 1 },
  ]);
}

function rotaryTables({ capacity, headDim, theta }: PeerConfig): {
  readonly cos: Uint8Array;
  readonly sin: Uint8Array;
} {
  const half = headDim / 2;
  const [cos, sin] = [new Float32Array(capacity * half), new Float32Array(capacity * half)];
  for (let i = 0; i < cos.length; i++) {
    const angle = Math.floor(i / half) * theta ** (-(i % half) / half);
    cos[i] = Math.cos(angle);
    sin[i] = Math.sin(angle);
  }
  return { cos: new Uint8Array(cos.buffer), sin: new Uint8Array(sin.buffer) };
}
