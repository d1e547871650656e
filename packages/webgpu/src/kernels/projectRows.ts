import type { Block, Operand } from '../operand.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel, plus, type Threads } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import { QUANTIZED_STEP, type RowBlocks, type RowWeight, stepOf } from '../wgsl/rowFormat.ts';
import type { SpanPart } from '../wgsl/spans.ts';

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

export interface ProjectRowsSite {
  readonly columns: number;
  readonly source: VectorSource;
  readonly norm: VectorNorm | undefined;
  readonly parts: readonly RowPart[];
  readonly spans: ReadonlyMap<Block, SpanPart>;
}

/** How a class of devices runs it. */
export interface RowThreads extends Threads {
  /** How threads of a group add up their parts. */
  readonly sum: 'none' | 'subgroups' | 'memory';
  /** Whether four neighbouring threads share what they read of x: reading it costs a CPU more than passing it on. */
  readonly quads: boolean;
}

/**
 * Rows of weights times one vector, with what comes before (a norm, the joining of a split attention) and after. A norm's
 * scale is applied to the products: W·(x·s) = s·(W·x).
 */
export function projectRows(site: ProjectRowsSite, threads: RowThreads): KernelCall {
  return new ProjectRows(site, threads).build();
}

class ProjectRows {
  private readonly kernel: FusedKernel;
  private readonly products: number;
  private readonly units: number;
  /** Whether four threads share what they read of x. They can where all of them walk through one loop. */
  private quads = false;

  constructor(
    private readonly site: ProjectRowsSite,
    private readonly threads: RowThreads,
  ) {
    this.products = Math.max(...site.parts.map(({ weights, perUnit }) => weights.length * perUnit));
    this.units = site.parts.reduce((sum, { units }) => sum + units, 0);
    const how = threads.unit === 'thread' ? 'one thread' : `${threads.size} threads`;
    this.kernel = new FusedKernel(
      'projectRows',
      `Rows of weights times x${site.norm ? ', normed' : ''}, ${this.products} at a time by ${how}.`,
      site.spans,
    );
  }

  build(): KernelCall {
    const { parts } = this.site;
    const weights = parts.flatMap((part) => part.weights);
    const formats = new Set(weights.map((weight) => this.formatOf(weight)));
    const names = range(this.products);
    const [first] = weights;
    const isShared = first !== undefined && formats.size === 1;
    this.quads = isShared && this.threads.quads && this.site.columns % 16 === 0;
    const shared = isShared ? this.loop([[first, names]]) : undefined;
    const ownLoop = ({ weights, perUnit }: RowPart) =>
      this.loop(weights.map((weight, which) => [weight, range(perUnit).map((t) => which * perUnit + t)]));
    const starts = this.byPart((part) => [...part.rows, ...this.starts(part), ...(shared ? [] : ownLoop(part))]);
    const sums = [...names.map((t) => `s${t}`), ...(this.site.norm?.kind === 'rms' ? ['squares'] : [])];
    const finishes = this.byPart((part) => [...part.rows, ...part.finish(this.kernel)]);
    const { quads } = this;
    return this.kernel.finish(
      this.units,
      { ...this.threads, keepUp: quads },
      [
        ...(quads ? ['let quadLane = subgroupLane % 4u;'] : []),
        ...this.prologue(),
        ...names.map((t) => `var d${t} = 0u;`),
        ...(weights.some(({ blocks }) => blocks) ? names.map((t) => `var c${t} = 0u;`) : []),
        ...(weights.some(({ blocks }) => blocks?.zeros) ? names.map((t) => `var z${t} = 0u;`) : []),
        ...sums.map((name) => `var ${name} = vec4f();`),
        ...starts,
        ...(shared ?? []),
        ...this.totals(sums),
        ...this.scaled(names),
        ...(quads ? ['if (isOwn) {', indent(finishes), '}'] : finishes),
      ],
      quads || this.threads.sum === 'subgroups' ? ['subgroups'] : [],
    );
  }

  /** One branch for each part; the first unit of a part is subtracted. */
  private byPart(lines: (part: RowPart) => readonly string[]): string[] {
    const { parts } = this.site;
    if (parts.length === 1) return parts.flatMap((part) => ['{', indent(['let unit = i;', ...lines(part)]), '}']);
    let start = 0;
    return parts.flatMap((part, index) => {
      const from = start;
      start += part.units;
      const condition = index === parts.length - 1 ? '{' : `if (i < ${start}u) {`;
      const body = indent([`let unit = i${from > 0 ? ` - ${from}u` : ''};`, ...lines(part)]);
      return [`${index > 0 ? '} else ' : ''}${condition}`, body, ...(index === parts.length - 1 ? ['}'] : [])];
    });
  }

  /** Where the rows of a unit begin. */
  private starts(part: RowPart): string[] {
    const { columns } = this.site;
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
        const scaleOffset = this.site.spans.get(scales.block)?.offset ?? 0;
        const zeroOffset = zeros ? (this.site.spans.get(zeros.block)?.offset ?? 0) : 0;
        const rowVectors = (blocks * attrs.block * attrs.bits) / 128;
        return [
          `d${t} = ${plus(`${own} * ${rowVectors}u`, offset / 16)};`,
          `c${t} = ${plus(`r${row} * ${blocks}u`, scaleOffset / scaleBytes)};`,
          ...(zeros ? [`z${t} = ${plus(`r${row} * ${zeroRow}u`, zeroOffset)};`] : []),
        ];
      }).flat(),
    );
  }

  /** The loop over the columns of some weights' rows; `products` says which of the sums each of them adds to. */
  private loop(weights: readonly (readonly [RowWeight, products: readonly number[]])[]): readonly string[] {
    const { columns } = this.site;
    const [step = 4, ...others] = new Set(weights.map(([weight]) => stepOf(weight, columns)));
    if (others.length > 0) throw new RangeError('weights that are computed side by side are stored differently');
    const steps = this.quads && step < 16 ? 16 / step : 1;
    const vectors = range((steps * step) / 4);
    const x = this.vector();
    const at = (v: string) => (vectors.length === 1 ? 'k' : `k * ${vectors.length}u + ${v}`);
    // A thread of four reads every fourth vector, and gets the others from its neighbours.
    const loads = this.quads
      ? range(vectors.length / 4).flatMap((n) => [
          ...x(at(`${4 * n}u + quadLane`), `own${n}`),
          ...range(4).map((v) => `let x${4 * n + v} = quadBroadcast(own${n}, ${v}u);`),
        ])
      : vectors.flatMap((v) => x(at(`${v}u`), `x${v}`));
    const total = weights.some(([{ blocks }]) => blocks)
      ? [`let total = ${vectors.map((v) => `x${v}`).join(' + ')};`]
      : [];
    const scaled = weights.some(([{ blocks }]) => blocks?.attrs.bits === 4)
      ? vectors.map((v) => `let y${v} = x${v} * vec4f(1.0, 0.0625, 0.00390625, 0.000244140625);`)
      : [];
    const products = weights.flatMap(([weight, own]) =>
      weight.blocks
        ? this.quantizedStep(weight, weight.blocks, own)
        : own.flatMap((t) => range(steps).flatMap((n) => this.plainStep(weight, t, n, steps, step / 4))),
    );
    const { unit, size } = this.threads;
    const [start, next] = unit === 'thread' ? ['0u', 'k++'] : ['lane', `k += ${size}u`];
    const body = indent([...loads, ...total, ...scaled, ...products]);
    return [`for (var k = ${start}; k < ${columns / step / steps}u; ${next}) {`, body, '}'];
  }

  /** Equal for weights whose rows one loop can read. */
  private formatOf(weight: RowWeight): string {
    const { numbers, blocks } = weight;
    const scales = blocks && this.kernel.bind('scales', blocks.scales, scaleElement(blocks.scales)).name;
    const { bits, block } = blocks?.attrs ?? {};
    return [this.bindNumbers(weight).name, numbers.storage, bits, block, scales, blocks?.zeros !== undefined].join();
  }

  private bytesPerStep({ numbers }: RowWeight): number {
    const { columns } = this.site;
    return numbers.storage === 'f32' || columns % 8 === 0 ? 16 : 8;
  }

  private bindNumbers(weight: RowWeight) {
    const { storage } = weight.numbers;
    const element = storage === 'f32' ? 'vec4f' : this.bytesPerStep(weight) === 16 || weight.blocks ? 'vec4u' : 'vec2u';
    return this.kernel.bind(storage === 'u8x4' ? 'packed' : 'weights', weight.numbers, element);
  }

  /** Step `n` of `steps`, each of so many vectors. */
  private plainStep(weight: RowWeight, t: number, n: number, steps: number, vectors: number): string[] {
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
  private quantizedStep(weight: RowWeight, { attrs, scales, zeros }: RowBlocks, products: readonly number[]): string[] {
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
    const span = this.site.spans.get(operand.block)?.span;
    return span ? { ...operand, block: span } : operand;
  }

  /** Statements that define `name` as four elements of the vector, normed but for the row's scale. */
  private vector(): (quad: string, name: string) => string[] {
    const { norm } = this.site;
    const load = this.loadVector();
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

  private loadVector(): (quad: string) => string {
    const { source, columns } = this.site;
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
  private prologue(): string[] {
    const { norm, columns } = this.site;
    if (norm?.kind !== 'layer') return [];
    const load = this.loadVector();
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

  /** Adds up lanes and threads; afterwards t_<name> is the sum, and only one thread goes on. */
  private totals(sums: readonly string[]): string[] {
    const own = sums.map((name) => `(${name}.x + ${name}.y) + (${name}.z + ${name}.w)`);
    const { sum, size } = this.threads;
    if (this.quads) {
      this.kernel.helper(`fn quadSum(own: f32) -> f32 {
  let pair = own + quadSwapX(own);
  return pair + quadSwapY(pair);
}`);
    }
    if (sum === 'none') {
      // Of x, a thread has squared every fourth vector only.
      const rest = (name: string, text: string) => (this.quads && name === 'squares' ? `quadSum(${text})` : text);
      return sums.map((name, n) => `let t_${name} = ${rest(name, own[n] ?? '')};`);
    }
    const parts = sum === 'subgroups' ? size / 4 : size;
    this.kernel.helper(`var<workgroup> sums: array<array<f32, ${sums.length}>, ${parts}>;`);
    const last = ['if (lane != 0u) {', '  return;', '}'];
    if (sum === 'subgroups') {
      return [
        ...sums.map((name, n) => `let g_${name} = subgroupAdd(${own[n]});`),
        'if (subgroupLane == 0u) {',
        ...sums.map((name, n) => `  sums[lane / subgroupSize][${n}] = g_${name};`),
        '}',
        'workgroupBarrier();',
        ...last,
        ...sums.map((name) => `var t_${name} = g_${name};`),
        `for (var other = 1u; other < (${size}u + subgroupSize - 1u) / subgroupSize; other++) {`,
        ...sums.map((name, n) => `  t_${name} += sums[other][${n}];`),
        '}',
      ];
    }
    return [
      ...sums.map((_, n) => `sums[lane][${n}] = ${own[n]};`),
      `for (var half = ${size / 2}u; half > 0u; half = half / 2u) {`,
      '  workgroupBarrier();',
      '  if (lane < half) {',
      ...sums.map((_, n) => `    sums[lane][${n}] += sums[lane + half][${n}];`),
      '  }',
      '}',
      ...last,
      ...sums.map((name, n) => `let t_${name} = sums[0][${n}];`),
    ];
  }

  private scaled(names: readonly number[]): string[] {
    const { norm, columns } = this.site;
    if (norm?.kind !== 'rms') return names.map((t) => `let a${t} = t_s${t};`);
    return [
      `let scale = 1.0 / sqrt(t_squares / ${columns}.0 + ${wgslFloat(norm.eps)});`,
      ...names.map((t) => `let a${t} = t_s${t} * scale;`),
    ];
  }
}

function scaleElement({ storage }: Operand): 'f32' | 'u32' {
  return storage === 'f32' ? 'f32' : 'u32';
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
