import type { Block, Operand } from '../operand.ts';
import { storageInfo } from '../storage.ts';
import { type FusedKernel, plus } from '../wgsl/fusedKernel.ts';
import type { RowWeight } from '../wgsl/rowFormat.ts';
import type { SpanPart } from '../wgsl/spans.ts';
import type { RowPart } from './projectedRows.ts';

/** Products of a unit: those of the first weight of its part, then those of the next. */
export const LANES = [0, 1, 2, 3] as const;

/**
 * How kernels for many rows of x read the rows of weights, four columns (a quad) at a time. All weights are stored alike,
 * in one range, so that a row is known by where its numbers, scales and zero points begin.
 */
export class TiledRows {
  /** Quads of a block, whose numbers share a scale; all of a row that is not quantised. */
  readonly blockQuads: number;
  readonly quantized: boolean;
  private readonly numbers: (quad: string) => string;
  private readonly columns: number;

  constructor(
    private readonly kernel: FusedKernel,
    columns: number,
    private readonly first: RowWeight,
    private readonly spans: ReadonlyMap<Block, SpanPart>,
  ) {
    const { numbers, blocks } = first;
    this.columns = columns;
    this.quantized = blocks !== undefined;
    this.blockQuads = (blocks?.attrs.block ?? columns) / 4;
    if (!blocks) this.numbers = kernel.read('weights', this.whole(numbers), 'quad').quad;
    else {
      const { name } = kernel.bind('packed', this.whole(numbers), 'u32');
      this.numbers = (at) => `${name}[${at}]`;
    }
  }

  /** Statements that declare where the rows of a unit begin. */
  declare(): string[] {
    return LANES.flatMap((t) => [
      `var d${t} = 0u;`,
      ...(this.quantized ? [`var c${t} = 0u;`] : []),
      ...(this.first.blocks?.zeros ? [`var z${t} = 0u;`] : []),
    ]);
  }

  /** Statements that set it for the rows r0, r1, … of a part. */
  starts({ weights, perUnit }: RowPart): string[] {
    const { columns } = this;
    return weights.flatMap(({ numbers, blocks }, which) =>
      Array.from({ length: perUnit }, (_, row) => {
        const t = which * perUnit + row;
        const from = this.offsetOf(numbers);
        if (!blocks) {
          const quadBytes = 4 * storageInfo(numbers.storage).bytes;
          return [`d${t} = ${plus(`r${row} * ${columns / 4}u`, from / quadBytes)};`];
        }
        const { attrs, scales, zeros } = blocks;
        const perRow = Math.ceil(columns / attrs.block);
        const rowWords = (perRow * attrs.block * attrs.bits) / 32;
        const scaleFrom = this.offsetOf(scales) / storageInfo(scales.storage).bytes;
        const zeroBytes = Math.ceil((perRow * attrs.bits) / 8);
        return [
          `d${t} = ${plus(`r${row} * ${rowWords}u`, from / 4)};`,
          `c${t} = ${plus(`r${row} * ${perRow}u`, scaleFrom)};`,
          ...(zeros ? [`z${t} = ${plus(`r${row} * ${zeroBytes}u`, this.offsetOf(zeros))};`] : []),
        ];
      }).flat(),
    );
  }

  /** Scale and zero point of row t in a block, a vec2f; of quantised weights. */
  head(t: number, block: string): string {
    const { blocks } = this.first;
    if (!blocks) throw new RangeError('weights that are not quantised have no scales');
    const { scales, zeros, attrs } = blocks;
    const scale = this.kernel.read('scales', this.whole(scales), 'element').at(`c + block`);
    if (!zeros) {
      this.kernel.helper(`
// Scale and zero point.
fn weightHead(c: u32, block: u32) -> vec2f {
  return vec2f(${scale}, ${2 ** (attrs.bits - 1)}.0);
}`);
      return `weightHead(c${t}, ${block})`;
    }
    const { name } = this.kernel.bind('packed', this.whole(zeros), 'u32');
    const [at, shift, mask] =
      attrs.bits === 4 ? ['z + block / 2u', ' + 4u * (block % 2u)', '15u'] : ['z + block', '', '255u'];
    this.kernel.helper(`
// Scale and zero point.
fn weightHead(c: u32, z: u32, block: u32) -> vec2f {
  let at = ${at};
  return vec2f(${scale}, f32((${name}[at / 4u] >> (8u * (at % 4u)${shift})) & ${mask}));
}`);
    return `weightHead(c${t}, z${t}, ${block})`;
  }

  /** Four numbers of row t, a vec4f; of quantised weights without their scale, less the zero point of the `head`. */
  quad(t: number, quad: string, head: string): string {
    const { blocks } = this.first;
    if (!blocks) {
      this.kernel.helper(`fn weightQuad(d: u32, quad: u32) -> vec4f {\n  return ${this.numbers('d + quad')};\n}`);
      return `weightQuad(d${t}, ${quad})`;
    }
    const { bits } = blocks.attrs;
    const lanes = [0, 1, 2, 3];
    const masks = lanes.map((lane) => `0x${((2 ** bits - 1) * 2 ** (lane * bits)).toString(16)}u`).join(', ');
    const units = lanes.map((lane) => `${2 ** -(lane * bits)}`).join(', ');
    const masked = `vec4u(word) & vec4u(${masks})`;
    const word =
      bits === 4
        ? `let both = ${this.numbers('d + quad / 2u')};\n  let word = select(both, both >> 16u, quad % 2u == 1u);`
        : `let word = ${this.numbers('d + quad')};`;
    this.kernel.helper(`
// By exact products, since software adapters shift lane by lane.
fn weightQuad(d: u32, quad: u32, zero: f32) -> vec4f {
  ${word}
  return vec4f(${bits === 4 ? `bitcast<vec4i>(${masked})` : masked}) * vec4f(${units}) - zero;
}`);
    return `weightQuad(d${t}, ${quad}, ${head}.y)`;
  }

  /** Four numbers of row t with their scale. */
  scaledQuad(t: number, quad: string): string {
    const { blocks } = this.first;
    if (!blocks) return this.quad(t, quad, '');
    const starts = blocks.zeros ? ['d', 'c', 'z'] : ['d', 'c'];
    this.head(t, 'block');
    this.quad(t, 'quad', 'head');
    this.kernel.helper(`
fn scaledQuad(${starts.map((start) => `${start}: u32`).join(', ')}, quad: u32) -> vec4f {
  let head = weightHead(${starts.slice(1).join(', ')}, quad / ${this.blockQuads}u);
  return head.x * weightQuad(d, quad, head.y);
}`);
    return `scaledQuad(${starts.map((start) => start + t).join(', ')}, ${quad})`;
  }

  private offsetOf({ block }: Operand): number {
    return this.spans.get(block)?.offset ?? 0;
  }

  /** Rows' starts count from the start of what is bound. */
  private whole(operand: Operand): Operand {
    const span = this.spans.get(operand.block)?.span;
    return span ? { ...operand, block: span } : operand;
  }
}
