import {
  type Dim,
  drawTensor,
  type FloatDType,
  GraphBuilder,
  type HostTensor,
  namedDim,
  ops,
  type Program,
  type StateDecl,
  seededRandom,
  type TensorType,
  type Value,
} from '@casement/ir';
import type { HostTensors } from '@casement/session';
import { drawParams } from './drawParams.ts';

export interface SmallDecoderOptions {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly layers: number;
  readonly attention: 'casa' | 'ca';
  readonly layout: 'half' | 'interleaved';
  readonly dtype: FloatDType;
  /** A number, or `namedDim('batch')`. */
  readonly batch: Dim;
}

const DEFAULTS: SmallDecoderOptions = {
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  layers: 2,
  attention: 'casa',
  layout: 'half',
  dtype: 'f32',
  batch: 1,
};
const [VOCAB, HIDDEN, FFN] = [19, 12, 20];

/**
 * A decoder with parallel fusion layers, written straight in the IR: `step(input_ids, position_ids) → logits` and
 * `openWindow(image, positions)`. For tests of what every target must do with states.
 */
export function smallDecoder(chosen: Partial<SmallDecoderOptions> = {}): {
  program: Program;
  params: ReadonlyMap<string, HostTensor>;
} {
  const options = { ...DEFAULTS, ...chosen };
  const model = new SmallDecoder(options);
  const entries = [model.step(), model.openWindow()];
  const program: Program = {
    name: 'small',
    dims: new Map([
      ...(options.batch === 1 ? [] : [['batch', { min: 1, max: 4, multipleOf: 1 }] as const]),
      ['seq', { min: 1, max: 16, multipleOf: 1 }],
      ['image', { min: 1, max: 16, multipleOf: 1 }],
      ['past', { min: 0, max: 24, multipleOf: 1 }],
      ['window', { min: 0, max: 24, multipleOf: 1 }],
    ]),
    params: model.params,
    states: model.states,
    entries: new Map(entries.map((graph) => [graph.name, graph])),
  };
  return { program, params: drawParams(program) };
}

class SmallDecoder {
  readonly params = new Map<string, Value>();
  readonly states = new Map<string, StateDecl>();

  constructor(private readonly options: SmallDecoderOptions) {}

  step() {
    const { batch, layers } = this.options;
    const graph = new GraphBuilder('step');
    const rows = [batch, namedDim('seq')];
    const ids = graph.input('input_ids', { dtype: 'i32', shape: rows });
    const positions = graph.input('position_ids', { dtype: 'i32', shape: rows });
    let x = graph.emit(ops.gather, [this.param('embed.weight', [VOCAB, HIDDEN]), ids], { axis: 0 });
    for (let layer = 0; layer < layers; layer++) {
      graph.origin = { scope: `layers.${layer}`, place: { file: 'small.ts', line: layer + 1, column: 3 } };
      x = this.layer(graph, x, positions, `layers.${layer}`);
    }
    graph.origin = { scope: '' };
    const last = graph.emit(ops.rmsNorm, [x, this.param('norm.weight', [HIDDEN])], { eps: 1e-8, scaleInF32: false });
    graph.output('logits', this.linear(graph, last, 'lm_head', VOCAB, HIDDEN));
    return graph.finish();
  }

  openWindow() {
    const { batch, layers, dtype, attention } = this.options;
    const graph = new GraphBuilder('openWindow');
    const rows = [batch, namedDim('image')];
    const image = graph.input('image', { dtype, shape: [...rows, HIDDEN] });
    const positions = graph.input('position_ids', { dtype: 'i32', shape: rows });
    for (let layer = 0; layer < layers; layer++) {
      graph.origin = { scope: `layers.${layer}.casa_attn` };
      const scope = `layers.${layer}.casa_attn`;
      const key = this.heads(graph, image, `${scope}.k_proj`, this.options.kvHeads);
      const value = this.heads(graph, image, `${scope}.v_proj`, this.options.kvHeads);
      const rotated = attention === 'casa' ? this.rope(graph, key, positions) : key;
      for (const [name, x] of [
        ['key', rotated],
        ['value', value],
      ] as const) {
        const state = graph.state(this.state(`${scope}.window.${name}`, 'window'));
        graph.emit(ops.append, [graph.emit(ops.reset, [state], { axis: 1 }), x], { axis: 1 });
      }
    }
    return graph.finish();
  }

  private layer(graph: GraphBuilder, x: Value, positions: Value, scope: string): Value {
    const { emit } = graph;
    const norm = (value: Value, name: string) =>
      emit(ops.rmsNorm, [value, this.param(`${scope}.${name}.weight`, [HIDDEN])], { eps: 1e-6, scaleInF32: true });
    const normed = norm(x, 'norm1');
    const own = this.attend(graph, normed, positions, `${scope}.self_attn`, 'past_key_values', true);
    const grows = this.options.attention === 'casa';
    const fused = this.attend(graph, normed, positions, `${scope}.casa_attn`, 'window', grows);
    const h = emit(ops.add, [emit(ops.add, [x, own], {}), fused], {});
    const inner = norm(h, 'norm2');
    const gate = this.linear(graph, inner, `${scope}.mlp.gate_proj`, FFN, HIDDEN);
    const up = this.linear(graph, inner, `${scope}.mlp.up_proj`, FFN, HIDDEN);
    const down = this.linear(graph, emit(ops.swiglu, [gate, up], {}), `${scope}.mlp.down_proj`, HIDDEN, FFN);
    return emit(ops.add, [h, down], {});
  }

  /** Attention over a cache that the text is appended to, or that is only read (without positions). */
  private attend(graph: GraphBuilder, x: Value, positions: Value, scope: string, cache: string, grows: boolean): Value {
    const { batch, heads, kvHeads, headDim } = this.options;
    const dim = cache === 'window' ? 'window' : 'past';
    const query = this.heads(graph, x, `${scope}.q_proj`, heads);
    const q = grows ? this.rope(graph, query, positions) : query;
    const [keys, values] = (['key', 'value'] as const).map((name) =>
      graph.state(this.state(`${scope}.${cache}.${name}`, dim)),
    );
    if (!keys || !values) throw new Error('a cache has two states');
    const all = grows
      ? [
          graph.emit(
            ops.append,
            [keys, this.rope(graph, this.heads(graph, x, `${scope}.k_proj`, kvHeads), positions)],
            { axis: 1 },
          ),
          graph.emit(ops.append, [values, this.heads(graph, x, `${scope}.v_proj`, kvHeads)], { axis: 1 }),
        ]
      : [keys, values];
    const mixed = graph.emit(ops.attention, [q, ...all], { causal: grows, scale: headDim ** -0.5 });
    const rows = graph.emit(ops.reshape, [mixed], { shape: [batch, namedDim('seq'), heads * headDim] });
    return this.linear(graph, rows, `${scope}.o_proj`, HIDDEN, heads * headDim);
  }

  private heads(graph: GraphBuilder, x: Value, name: string, count: number): Value {
    const { headDim } = this.options;
    const rows = this.linear(graph, x, name, count * headDim, HIDDEN);
    return graph.emit(ops.reshape, [rows], { shape: [...x.type.shape.slice(0, 2), count, headDim] });
  }

  private rope(graph: GraphBuilder, x: Value, positions: Value): Value {
    return graph.emit(ops.rope, [x, positions], {
      theta: 10000,
      layout: this.options.layout,
      sections: [],
      axial: false,
    });
  }

  private linear(graph: GraphBuilder, x: Value, name: string, outSize: number, inSize: number): Value {
    return graph.emit(ops.linear, [x, this.param(`${name}.weight`, [outSize, inSize])], {});
  }

  private param(name: string, shape: readonly number[]): Value {
    const known = this.params.get(name);
    if (known) return known;
    const param: Value = { kind: 'param', name, type: { dtype: this.options.dtype, shape } };
    this.params.set(name, param);
    return param;
  }

  private state(name: string, dim: string): StateDecl {
    const { batch, kvHeads, headDim, dtype } = this.options;
    const type: TensorType = { dtype, shape: [batch, namedDim(dim), kvHeads, headDim] };
    const decl: StateDecl = { name, type, axis: 1 };
    this.states.set(name, this.states.get(name) ?? decl);
    return decl;
  }
}

/** A call of `step`: tokens first … first + count − 1 (mod vocabulary) at positions from `at` on. */
export function tokens(count: number, at: number, batch = 1): HostTensors {
  const shape = [batch, count];
  const ids = Int32Array.from({ length: batch * count }, (_, i) => (7 * i + 3 * at + 1) % VOCAB);
  const positions = Int32Array.from({ length: batch * count }, (_, i) => at + (i % count));
  return {
    input_ids: { dtype: 'i32', shape, data: ids },
    position_ids: { dtype: 'i32', shape, data: positions },
  };
}

/** A call of `openWindow`: an image of `count` tokens, frozen at position `at`. */
export function image(count: number, at: number, batch = 1): HostTensors {
  const embeds = drawTensor('f32', [batch, count, HIDDEN], 'normal', seededRandom(count + at));
  const positions = new Int32Array(batch * count).fill(at);
  return { image: embeds, position_ids: { dtype: 'i32', shape: [batch, count], data: positions } };
}
