import type { Block, Operand } from '../operand.ts';
import { type FusedKernel, plus } from '../wgsl/fusedKernel.ts';
import { QUANTIZED_STEP, type RowBlocks, type RowWeight, stepOf } from '../wgsl/rowFormat.ts';
import type { SpanPart } from '../wgsl/spans.ts';

/** Units of one kind: a thread computes `perUnit` rows of each of the weights. */
export interface RowPart {
  readonly weights: readonly RowWeight[];
  readonly units: number;
  readonly perUnit: number;
  /** Statements that define the rows r0, r1, … (numbers in the whole weights) of unit `unit`. */
  readonly rows: readonly string[];
  /** Statements that use r0, r1, … and the products a0, a1, …: those of the first weight, then those of the next. */
  readonly finish: (kernel: FusedKernel) => readonly string[];
}

/** How the rows of `projectRows` are read, in each format that weights have. */
export class ProjectedRows {
  constructor(
    private readonly kernel: FusedKernel,
    private readonly columns: number,
    private readonly spans: ReadonlyMap<Block, SpanPart>,
  ) {}

  /** Where the rows of a unit begin. */
  starts(part: RowPart): string[] {
    const { columns } = this;
    return part.weights.flatMap((weight, which) =>
      Array.from({ length: part.perUnit }, (_, row) => {
        const t = which * part.perUnit + row;
        const own = weight.first === 0 ? `r${row}` : `(r${row} - ${weight.first}u)`;
        const { offset } = this.bindNumbers(weight);
        if (!weight.blocks) {
          const vectors = columns / stepOf(weight, columns);
          return [`d${t} = ${plus(`${own} * ${vectors}u`, offset / this.bytesPerStep(weight))};`];
        }
        const { attrs, scales, zeros } = weight.blocks;
        // The last block of a row may stand over.
        const blocks = Math.ceil(columns / attrs.block);
        const scaleBytes = scales.storage === 'f32' ? 4 : 2;
        const zeroRow = Math.ceil((blocks * attrs.bits) / 8);
        const scaleOffset = this.spans.get(scales.block)?.offset ?? 0;
        const zeroOffset = zeros ? (this.spans.get(zeros.block)?.offset ?? 0) : 0;
        const rowVectors = (blocks * attrs.block * attrs.bits) / 128;
        return [
          `d${t} = ${plus(`${own} * ${rowVectors}u`, offset / 16)};`,
          `c${t} = ${plus(`r${row} * ${blocks}u`, scaleOffset / scaleBytes)};`,
          ...(zeros ? [`z${t} = ${plus(`r${row} * ${zeroRow}u`, zeroOffset)};`] : []),
        ];
      }).flat(),
    );
  }

  /** Equal for weights whose rows one loop can read. */
  formatOf(weight: RowWeight): string {
    const { numbers, blocks } = weight;
    const scales = blocks && this.kernel.bind('scales', blocks.scales, scaleElement(blocks.scales)).name;
    const { bits, block } = blocks?.attrs ?? {};
    return [this.bindNumbers(weight).name, numbers.storage, bits, block, scales, blocks?.zeros !== undefined].join();
  }

  private bytesPerStep({ numbers }: RowWeight): number {
    const { columns } = this;
    return numbers.storage === 'f32' || columns % 8 === 0 ? 16 : 8;
  }

  private bindNumbers(weight: RowWeight) {
    const { storage } = weight.numbers;
    const element = storage === 'f32' ? 'vec4f' : this.bytesPerStep(weight) === 16 || weight.blocks ? 'vec4u' : 'vec2u';
    return this.kernel.bind(storage === 'u8x4' ? 'packed' : 'weights', weight.numbers, element);
  }

  /** Step `n` of `steps`, each of so many vectors. */
  plainStep(weight: RowWeight, t: number, n: number, steps: number, vectors: number): string[] {
    const { storage } = weight.numbers;
    const { name } = this.bindNumbers(weight);
    const row = steps === 1 ? `${name}[d${t} + k]` : `${name}[d${t} + k * ${steps}u + ${n}u]`;
    if (storage === 'f32') return [`s${t} += ${row} * x${n};`];
    const bf16 = storage === 'bf16x2';
    if (bf16) {
      this.kernel.helper(`fn bf16Pair(word: u32) -> vec2f {
  return bitcast<vec2f>(vec2u(word << 16u, word & 0xffff0000u));
}`);
    }
    const unpack = bf16 ? 'bf16Pair' : 'unpack2x16float';
    const lanes = ['x', 'y', 'z', 'w'];
    const word = `w${t}_${n}`;
    const terms = range(vectors).map((v) => {
      const [low, high] = [lanes[2 * v], lanes[2 * v + 1]];
      return `vec4f(${unpack}(${word}.${low}), ${unpack}(${word}.${high})) * x${n * vectors + v}`;
    });
    return [`let ${word} = ${row};`, `s${t} += ${terms.join(' + ')};`];
  }

  /**
   * 32 columns. Numbers stay where they are in their word, masked, and x is divided by what that multiplies them with;
   * the zero point is taken off for all columns at once.
   */
  quantizedStep(weight: RowWeight, { attrs, scales, zeros }: RowBlocks, products: readonly number[]): string[] {
    const { bits, block } = attrs;
    const { name } = this.bindNumbers(weight);
    // The rows' starts count from the start of what is bound.
    const scaleAt = this.kernel.read('scales', this.whole(scales), 'element');
    const blockOf = block === QUANTIZED_STEP ? 'k' : `k / ${block / QUANTIZED_STEP}u`;
    const bind = zeros && this.kernel.bind('packed', zeros, 'vec4u');
    const lines: string[] = [];
    const lanes = ['x', 'y', 'z', 'w'];
    for (const t of products) {
      if (bind) {
        const index = bits === 4 ? `z${t} + (${blockOf}) / 2u` : `z${t} + ${blockOf}`;
        lines.push(
          `let zeroAt${t} = ${index};`,
          `let zero${t} = (${bind.name}[zeroAt${t} / 16u][(zeroAt${t} / 4u) % 4u] >> (8u * (zeroAt${t} % 4u)${bits === 4 ? ` + 4u * ((${blockOf}) % 2u)` : ''})) & ${2 ** bits - 1}u;`,
          `var p${t} = -f32(zero${t}) * total;`,
        );
      } else lines.push(`var p${t} = -${2 ** (bits - 1)}.0 * total;`);
      if (bits === 4) {
        lines.push(`let w${t} = bitcast<vec4i>(${name}[d${t} + k]);`);
        lanes.forEach((lane, word) => {
          lines.push(
            `p${t} += vec4f(vec4i(w${t}.${lane}) & vec4i(0xf, 0xf0, 0xf00, 0xf000)) * y${2 * word};`,
            `p${t} += vec4f(vec4i(w${t}.${lane} >> 16u) & vec4i(0xf, 0xf0, 0xf00, 0xf000)) * y${2 * word + 1};`,
          );
        });
      } else {
        for (const half of [0, 1]) {
          lines.push(`let w${t}_${half} = ${name}[d${t} + 2u * k${half ? ' + 1u' : ''}];`);
          lanes.forEach((lane, word) => {
            lines.push(
              `p${t} += vec4f((vec4u(w${t}_${half}.${lane}) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u)) * x${4 * half + word};`,
            );
          });
        }
      }
      lines.push(`s${t} += p${t} * ${scaleAt.at(`c${t} + ${blockOf}`)};`);
    }
    return lines;
  }

  private whole(operand: Operand): Operand {
    const span = this.spans.get(operand.block)?.span;
    return span ? { ...operand, block: span } : operand;
  }
}

function scaleElement({ storage }: Operand): 'f32' | 'u32' {
  return storage === 'f32' ? 'f32' : 'u32';
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
