import type { Operand } from '../operand.ts';
import { indent } from '../wgsl/coordinates.ts';
import type { FusedKernel, Threads } from '../wgsl/fusedKernel.ts';

/** Where the parts of an attention lie; see `attentionSplitKeys`. */
export interface AttentionParts {
  /** [splits heads e] */
  readonly mixed: Operand;
  /** [splits heads]; those that are not used are the last ones. */
  readonly logSums: Operand;
  readonly splits: number;
  readonly headSize: number;
}

/** Reads what the parts of an attention are together: a mean of the splits, weighted by their sums of e^score. */
export class JoinedSplits {
  private readonly byGroup: boolean;

  constructor(
    private readonly kernel: FusedKernel,
    private readonly parts: AttentionParts,
    private readonly columns: number,
    private readonly threads: Threads,
  ) {
    this.byGroup = threads.unit === 'group';
  }

  /** Statements before the first read: the threads of a workgroup share the weights of all heads. */
  prologue(): string[] {
    if (!this.byGroup) return [];
    return [
      `for (var head = lane; head < ${this.heads}u; head += ${this.threads.size}u) {`,
      `  weighSplits(head, head * ${this.parts.splits}u);`,
      '}',
      'workgroupBarrier();',
    ];
  }

  /** The result writes the read of four elements. */
  quad(): (quad: string) => string {
    const { byGroup, columns, kernel, parts } = this;
    const mixed = kernel.read('mixed', parts.mixed, 'quad');
    const logSum = kernel.read('logSums', parts.logSums, 'element').at(`split * ${this.heads}u + head`);
    const each = (body: string) =>
      indent([`for (var split = 0u; split < ${parts.splits}u; split++) {`, `  ${body}`, '}']);
    kernel.helper(
      byGroup
        ? `// The weights of the splits, for each head.
var<workgroup> shares: array<f32, ${this.heads * parts.splits}>;`
        : `// The weights of the splits for the head that was read last.
var<private> weighedHead = ${this.heads}u;
var<private> shares: array<f32, ${parts.splits}>;`,
    );
    kernel.helper(`
fn weighSplits(head: u32, at: u32) {
  var top = -1.0e30;
${each(`top = max(top, ${logSum});`)}
  var total = 1.0e-30;
${each(`total += select(0.0, exp(max(${logSum} - top, -80.0)), ${logSum} > -1.0e30);`)}
${each(`shares[at + split] = select(0.0, exp(max(${logSum} - top, -80.0)) / total, ${logSum} > -1.0e30);`)}
}`);
    kernel.helper(`
fn joinedQuad(quad: u32) -> vec4f {
  let head = quad / ${parts.headSize / 4}u;
${indent(byGroup ? [`let at = head * ${parts.splits}u;`] : ['let at = 0u;', 'if (head != weighedHead) {', '  weighedHead = head;', '  weighSplits(head, at);', '}'])}
  var joined = vec4f();
  for (var split = 0u; split < ${parts.splits}u; split++) {
    let share = shares[at + split];
    if (share == 0.0) {
      break;
    }
    joined += ${mixed.quad(`quad + split * ${columns / 4}u`)} * share;
  }
  return joined;
}`);
    return (quad) => `joinedQuad(${quad})`;
  }

  private get heads(): number {
    return this.columns / this.parts.headSize;
  }
}
