import type { Operand } from '../operand.ts';
import { indent } from '../wgsl/coordinates.ts';
import { type FusedKernel, plus } from '../wgsl/fusedKernel.ts';
import { wgslFloat } from '../wgsl/literal.ts';

/** What a kernel multiplies rows with. */
export type VectorSource =
  | { readonly kind: 'vector'; readonly x: Operand }
  /** The parts of a split attention; see `attentionSplitKeys`. */
  | {
      readonly kind: 'parts';
      readonly mixed: Operand;
      readonly logSums: Operand;
      readonly splits: number;
      readonly headSize: number;
    };

export interface VectorNorm {
  readonly kind: 'rms' | 'layer';
  readonly gain: Operand | undefined;
  readonly shift: Operand | undefined;
  readonly eps: number;
}

/** The vector of `projectRows`, as it comes from its source and with its norm. */
export class ProjectedVector {
  constructor(
    private readonly kernel: FusedKernel,
    private readonly columns: number,
    private readonly source: VectorSource,
    private readonly norm: VectorNorm | undefined,
  ) {}

  /** Statements that define `name` as four elements of the vector, normed but for the row's scale. */
  statements(): (quad: string, name: string) => string[] {
    const { norm } = this;
    const load = this.load();
    const gain = norm?.gain && this.kernel.read('norm', norm.gain, 'quad');
    const shift = norm?.shift && this.kernel.read('norm', norm.shift, 'quad');
    return (quad, name) => {
      if (!norm) return [`let ${name} = ${load(quad)};`];
      const gained = gain ? ` * ${gain.quad(quad)}` : '';
      if (norm.kind === 'rms') {
        return [
          `let raw_${name} = ${load(quad)};`,
          `squares += raw_${name} * raw_${name};`,
          `let ${name} = raw_${name}${gained};`,
        ];
      }
      return [`let ${name} = (${load(quad)} - mean) * scale${gained}${shift ? ` + ${shift.quad(quad)}` : ''};`];
    };
  }

  private load(): (quad: string) => string {
    const { source, columns } = this;
    if (source.kind === 'vector') return this.kernel.read('x', source.x, 'quad').quad;
    const { splits, headSize } = source;
    const mixed = this.kernel.read('mixed', source.mixed, 'quad');
    const logSums = this.kernel.read('logSums', source.logSums, 'element');
    const heads = columns / headSize;
    const all = Array.from({ length: splits }, (_, s) => s);
    this.kernel.helper(`
// The weights of the splits for the head that was read last.
var<private> joinedHead = ${heads}u;
var<private> shares: array<f32, ${splits}>;

fn joinShares(head: u32) {
  joinedHead = head;
${indent([
  ...all.map((s) => `let sum${s} = ${logSums.at(plus('head', s * heads))};`),
  `let top = ${all.reduce((text, s) => (text === '' ? `sum${s}` : `max(${text}, sum${s})`), '')};`,
  ...all.map((s) => `let share${s} = exp(max(sum${s} - top, -80.0));`),
  `let total = ${all.map((s) => `share${s}`).join(' + ')};`,
  ...all.map((s) => `shares[${s}] = share${s} / total;`),
])}
}

fn joinedQuad(quad: u32) -> vec4f {
  let head = quad / ${headSize / 4}u;
  if (head != joinedHead) {
    joinShares(head);
  }
  return ${all.map((s) => `${mixed.quad(plus('quad', (s * columns) / 4))} * shares[${s}]`).join(' + ')};
}`);
    return (quad) => `joinedQuad(${quad})`;
  }

  /** Mean and scale of a layer norm, which its vector needs first; each thread computes them. */
  prologue(): string[] {
    const { norm, columns } = this;
    if (norm?.kind !== 'layer') return [];
    const load = this.load();
    const walk = (body: string) => [`for (var k = 0u; k < ${columns / 4}u; k++) {`, `  ${body}`, '}'];
    const total = (name: string) => `((${name}.x + ${name}.y) + (${name}.z + ${name}.w))`;
    return [
      'var values = vec4f();',
      ...walk(`values += ${load('k')};`),
      `let mean = ${total('values')} / ${columns}.0;`,
      'var spread = vec4f();',
      ...walk(`let off = ${load('k')} - mean;\n  spread += off * off;`),
      `let scale = 1.0 / sqrt(${total('spread')} / ${columns}.0 + ${wgslFloat(norm.eps)});`,
    ];
  }
}
