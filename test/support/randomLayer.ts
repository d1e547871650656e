import {
  drawTensor,
  type FloatDType,
  GraphBuilder,
  type HostTensor,
  makeTensor,
  namedDim,
  ops,
  type Program,
  type QuantizedAttrs,
  type StateDecl,
  seededRandom,
  seedOf,
  type TensorType,
  type Value,
} from '@casement/ir';
import fc from 'fast-check';

/** A decoder layer of somebody's own: everything that fusions look at may be another way than in the models we know. */
export interface LayerCase {
  readonly dtype: FloatDType;
  readonly hidden: number;
  readonly ffn: number;
  readonly kvHeads: number;
  readonly group: number;
  readonly headDim: number;
  /** Of values, where keys are another size. */
  readonly valueDim: number;
  readonly norm: 'rmsNorm' | 'layerNorm' | 'standardize' | 'none';
  /** `pre`: of what a branch reads; `post`: of its result; `both`; `parallel`: attention and MLP read the same. */
  readonly place: 'pre' | 'post' | 'both' | 'parallel';
  readonly qkNorm: boolean;
  readonly rotary: 'all' | 'part' | 'none';
  readonly layout: 'half' | 'interleaved';
  readonly activation: 'silu' | 'gelu' | 'quickGelu' | 'tanh' | 'none';
  readonly gated: boolean;
  readonly bias: boolean;
  /** Results of branches are multiplied with a vector. */
  readonly scaled: boolean;
  /** Another attention with a cache of its own, before the layer's. */
  readonly before: boolean;
  readonly weights: 'plain' | 'q4' | 'q8';
  readonly zeros: boolean;
  readonly block: 32 | 64;
}

/** Simple ones first: a failure shrinks towards them. */
export const randomLayer: fc.Arbitrary<LayerCase> = fc.record({
  dtype: fc.constantFrom('f32', 'f32', 'f16', 'bf16'),
  hidden: fc.constantFrom(32, 64, 12, 6, 96),
  ffn: fc.constantFrom(32, 20, 64, 10),
  kvHeads: fc.constantFrom(1, 2, 3),
  group: fc.constantFrom(1, 2, 3, 7),
  headDim: fc.constantFrom(8, 4, 12, 6, 32),
  valueDim: fc.constantFrom(8, 4, 12, 16),
  norm: fc.constantFrom('rmsNorm', 'layerNorm', 'standardize', 'none'),
  place: fc.constantFrom('pre', 'post', 'both', 'parallel'),
  qkNorm: fc.boolean(),
  rotary: fc.constantFrom('none', 'all', 'part'),
  layout: fc.constantFrom('half', 'interleaved'),
  activation: fc.constantFrom('none', 'silu', 'gelu', 'quickGelu', 'tanh'),
  gated: fc.boolean(),
  bias: fc.boolean(),
  scaled: fc.boolean(),
  before: fc.boolean(),
  weights: fc.constantFrom('plain', 'q4', 'q8'),
  zeros: fc.boolean(),
  block: fc.constantFrom(32, 64),
});

export const VOCAB = 11;

/** `step(input_ids i32[1 seq], position_ids i32[1 seq]) → logits [1 seq 11]`, with weights that depend on names alone. */
export function layerProgram(made: LayerCase): { program: Program; params: ReadonlyMap<string, HostTensor> } {
  const builder = new LayerBuilder(made);
  const step = builder.step();
  const program: Program = {
    name: 'layer',
    dims: new Map([
      ['seq', { min: 1, max: 4, multipleOf: 1 }],
      ['past', { min: 0, max: 16, multipleOf: 1 }],
    ]),
    params: builder.params,
    states: builder.states,
    entries: new Map([['step', step]]),
  };
  return { program, params: new Map([...program.params.values()].map((param) => [param.name, drawWeight(param)])) };
}

function drawWeight({ name, type }: Value): HostTensor {
  const shape = type.shape.map(Number);
  const random = seededRandom(seedOf(name));
  if (type.dtype === 'u8') {
    return makeTensor('u8', shape, () => Math.floor(256 * random()));
  }
  const { data } = drawTensor('f32', shape, 'unit', random);
  const scale = scaleOf(name, shape);
  return makeTensor(type.dtype, shape, (i) => scale * (data[i] ?? 0));
}

/** Keeps products near 1, so that halves do not overflow. */
function scaleOf(name: string, shape: readonly number[]): number {
  if (name.endsWith('q4.scales')) return 0.3 / 2 ** 4;
  if (name.endsWith('q8.scales')) return 0.3 / 2 ** 8;
  return shape.length === 1 ? 1 : (shape.at(-1) ?? 1) ** -0.5;
}

class LayerBuilder {
  readonly params = new Map<string, Value>();
  readonly states = new Map<string, StateDecl>();
  private readonly graph = new GraphBuilder('step');

  constructor(private readonly made: LayerCase) {}

  step() {
    const { graph, made } = this;
    const rows = [1, namedDim('seq')];
    const ids = graph.input('input_ids', { dtype: 'i32', shape: rows });
    const positions = graph.input('position_ids', { dtype: 'i32', shape: rows });
    let x = graph.emit(ops.gather, [this.param('table', [VOCAB, made.hidden]), ids], { axis: 0 });
    if (made.before) x = this.add(x, this.attend(this.pre(x, 'before.norm'), positions, 'before'), 'before');
    const read = this.pre(x, 'attn.norm');
    const mixed = this.attend(read, positions, 'attn');
    if (made.place === 'parallel') x = this.add(this.add(x, mixed, 'attn'), this.mlp(read), 'mlp');
    else {
      x = this.add(x, mixed, 'attn');
      x = this.add(x, this.mlp(this.pre(x, 'mlp.norm')), 'mlp');
    }
    graph.output('logits', this.linear(this.norm(x, 'last'), 'head', VOCAB));
    return graph.finish();
  }

  private pre(x: Value, name: string): Value {
    return this.made.place === 'post' ? x : this.norm(x, name);
  }

  private add(x: Value, branch: Value, name: string): Value {
    const { place, scaled, hidden } = this.made;
    const normed = place === 'post' || place === 'both' ? this.norm(branch, `${name}.post`) : branch;
    const weighed = scaled ? this.graph.emit(ops.mul, [normed, this.param(`${name}.weigh`, [hidden])], {}) : normed;
    return this.graph.emit(ops.add, [x, weighed], {});
  }

  private norm(x: Value, name: string): Value {
    const size = Number(x.type.shape.at(-1));
    const own = (param: string) => this.param(`${name}.${param}`, [size]);
    switch (this.made.norm) {
      case 'rmsNorm':
        return this.graph.emit(ops.rmsNorm, [x, own('gain')], { eps: 0.01, scaleInF32: true });
      case 'layerNorm':
        return this.graph.emit(ops.layerNorm, [x, own('gain'), own('shift')], { eps: 0.01 });
      case 'standardize':
        return this.graph.emit(ops.standardize, [x], { eps: 0.01 });
      case 'none':
        return x;
    }
  }

  private mlp(x: Value): Value {
    const { ffn, hidden, gated, activation } = this.made;
    const gate = this.activate(this.linear(x, 'mlp.gate', ffn));
    if (!gated) return this.linear(gate, 'mlp.down', hidden);
    const up = this.linear(x, 'mlp.up', ffn);
    const both =
      activation === 'silu' ? this.graph.emit(ops.swiglu, [this.linear(x, 'mlp.gate', ffn), up], {}) : undefined;
    return this.linear(both ?? this.graph.emit(ops.mul, [gate, up], {}), 'mlp.down', hidden);
  }

  private activate(x: Value): Value {
    const { activation } = this.made;
    if (activation === 'none') return x;
    if (activation === 'gelu') return this.graph.emit(ops.gelu, [x], { approximate: 'tanh' });
    return this.graph.emit(ops[activation], [x], {});
  }

  private attend(x: Value, positions: Value, scope: string): Value {
    const { kvHeads, group, headDim, valueDim, hidden } = this.made;
    const { graph } = this;
    const q = this.turned(this.heads(x, `${scope}.q`, kvHeads * group, headDim), positions, `${scope}.q`);
    const k = this.turned(this.heads(x, `${scope}.k`, kvHeads, headDim), positions, `${scope}.k`);
    const v = this.heads(x, `${scope}.v`, kvHeads, valueDim);
    const [keys, values] = [k, v].map((value, i) => {
      const decl: StateDecl = {
        name: `${scope}.${i === 0 ? 'key' : 'value'}`,
        type: { dtype: this.made.dtype, shape: [1, namedDim('past'), kvHeads, i === 0 ? headDim : valueDim] },
        axis: 1,
      };
      this.states.set(decl.name, decl);
      return graph.emit(ops.append, [graph.state(decl), value], { axis: 1 });
    });
    if (!keys || !values) throw new Error('a cache has two states');
    const mixed = graph.emit(ops.attention, [q, keys, values], { causal: true, scale: headDim ** -0.5 });
    const flat = graph.emit(ops.reshape, [mixed], { shape: [1, namedDim('seq'), kvHeads * group * valueDim] });
    return this.linear(flat, `${scope}.o`, hidden);
  }

  private turned(x: Value, positions: Value, name: string): Value {
    const { qkNorm, rotary, layout, headDim } = this.made;
    const normed = qkNorm ? this.norm(x, `${name}.norm`) : x;
    const attrs = { theta: 100, layout, sections: [], axial: false };
    if (rotary === 'none') return normed;
    if (rotary === 'all') return this.graph.emit(ops.rope, [normed, positions], attrs);
    const middle = 2 * Math.ceil(headDim / 4);
    const [first, rest] = [
      [0, middle],
      [middle, headDim - middle],
    ].map(([start, size]) => this.graph.emit(ops.slice, [normed], { axis: 3, start: start ?? 0, size: size ?? 0 }));
    if (!first || !rest) throw new Error('a head has two parts');
    return this.graph.emit(ops.concat, [this.graph.emit(ops.rope, [first, positions], attrs), rest], { axis: 3 });
  }

  private heads(x: Value, name: string, count: number, size: number): Value {
    const rows = this.linear(x, name, count * size);
    return this.graph.emit(ops.reshape, [rows], { shape: [1, namedDim('seq'), count, size] });
  }

  private linear(x: Value, name: string, rows: number): Value {
    const { weights, zeros, block, bias } = this.made;
    const columns = Number(x.type.shape.at(-1));
    const shift = bias ? [this.param(`${name}.bias`, [rows])] : [];
    if (weights === 'plain')
      return this.graph.emit(ops.linear, [x, this.param(`${name}.weight`, [rows, columns]), ...shift], {});
    const attrs: QuantizedAttrs = { bits: weights === 'q4' ? 4 : 8, block, columns };
    const blocks = Math.ceil(columns / block);
    const packed = this.param(`${name}.packed`, [rows, blocks, (block * attrs.bits) / 8], 'u8');
    const scales = this.param(`${name}.${weights}.scales`, [rows, blocks]);
    const points = zeros ? [this.param(`${name}.zeros`, [rows, Math.ceil((blocks * attrs.bits) / 8)], 'u8')] : [];
    return this.graph.emit(ops.quantizedLinear, [x, packed, scales, ...points, ...shift], attrs);
  }

  private param(name: string, shape: readonly number[], dtype: TensorType['dtype'] = this.made.dtype): Value {
    const known = this.params.get(name);
    const param: Value = known ?? { kind: 'param', name, type: { dtype, shape } };
    this.params.set(name, param);
    return param;
  }
}
