import type { Operand } from '../operand.ts';
import type { FusedKernel, Threads } from '../wgsl/fusedKernel.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import { type AttentionParts, JoinedSplits } from './joinedSplits.ts';

/** What a kernel multiplies rows with. */
export type VectorSource =
  | { readonly kind: 'vector'; readonly x: Operand }
  | ({ readonly kind: 'parts' } & AttentionParts);

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
    private readonly threads: Threads,
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
    const { source } = this;
    return source.kind === 'vector' ? this.kernel.read('x', source.x, 'quad').quad : this.joined(source).quad();
  }

  private joined(parts: AttentionParts): JoinedSplits {
    return new JoinedSplits(this.kernel, parts, this.columns, this.threads);
  }

  /** Statements before the first read: the weights of splits, mean and scale of a layer norm (each thread computes them). */
  prologue(): string[] {
    const { norm, columns, source } = this;
    if (source.kind === 'parts') return this.joined(source).prologue();
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
