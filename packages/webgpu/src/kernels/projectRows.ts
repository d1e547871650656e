import type { Block } from '../operand.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import { type RowWeight, stepOf } from '../wgsl/rowFormat.ts';
import type { SpanPart } from '../wgsl/spans.ts';
import { byPart } from './byPart.ts';
import { ProjectedRows, type RowPart } from './projectedRows.ts';
import { ProjectedVector, type VectorNorm, type VectorSource } from './projectedVector.ts';
import { type RowThreads, sumThreads } from './sumThreads.ts';

export interface ProjectRowsSite {
  readonly columns: number;
  readonly source: VectorSource;
  readonly norm: VectorNorm | undefined;
  readonly parts: readonly RowPart[];
  readonly spans: ReadonlyMap<Block, SpanPart>;
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
  private readonly vector: ProjectedVector;
  private readonly rows: ProjectedRows;
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
    this.vector = new ProjectedVector(this.kernel, site.columns, site.source, site.norm, threads);
    this.rows = new ProjectedRows(this.kernel, site.columns, site.spans);
  }

  build(): KernelCall {
    const { parts } = this.site;
    const weights = parts.flatMap((part) => part.weights);
    const formats = new Set(weights.map((weight) => this.rows.formatOf(weight)));
    const names = range(this.products);
    const [first] = weights;
    const isShared = first !== undefined && formats.size === 1;
    this.quads = isShared && this.threads.quads && this.site.columns % 16 === 0;
    const shared = isShared ? this.loop([[first, names]]) : undefined;
    const ownLoop = ({ weights, perUnit }: RowPart) =>
      this.loop(weights.map((weight, which) => [weight, range(perUnit).map((t) => which * perUnit + t)]));
    const starts = byPart(parts, (part) => [...part.rows, ...this.rows.starts(part), ...(shared ? [] : ownLoop(part))]);
    const sums = [...names.map((t) => `s${t}`), ...(this.site.norm?.kind === 'rms' ? ['squares'] : [])];
    const finishes = byPart(parts, (part) => [...part.rows, ...part.finish(this.kernel)]);
    const { quads } = this;
    return this.kernel.finish(
      this.units,
      { ...this.threads, keepUp: quads },
      [
        ...(quads ? ['let quadLane = subgroupLane % 4u;'] : []),
        ...this.vector.prologue(),
        ...names.map((t) => `var d${t} = 0u;`),
        ...(weights.some(({ blocks }) => blocks) ? names.map((t) => `var c${t} = 0u;`) : []),
        ...(weights.some(({ blocks }) => blocks?.zeros) ? names.map((t) => `var z${t} = 0u;`) : []),
        ...sums.map((name) => `var ${name} = vec4f();`),
        ...starts,
        ...(shared ?? []),
        ...sumThreads(this.kernel, this.threads, quads, sums),
        ...this.scaled(names),
        ...(quads ? ['if (isOwn) {', indent(finishes), '}'] : finishes),
      ],
      quads || this.threads.sum === 'subgroups' ? ['subgroups'] : [],
    );
  }

  /** The loop over the columns of some weights' rows; `products` says which of the sums each of them adds to. */
  private loop(weights: readonly (readonly [RowWeight, products: readonly number[]])[]): readonly string[] {
    const { columns } = this.site;
    const [step = 4, ...others] = new Set(weights.map(([weight]) => stepOf(weight, columns)));
    if (others.length > 0) throw new RangeError('weights that are computed side by side are stored differently');
    const steps = this.quads && step < 16 ? 16 / step : 1;
    const vectors = range((steps * step) / 4);
    const x = this.vector.statements();
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
        ? this.rows.quantizedStep(weight, weight.blocks, own)
        : own.flatMap((t) => range(steps).flatMap((n) => this.rows.plainStep(weight, t, n, steps, step / 4))),
    );
    const { unit, size } = this.threads;
    const [start, next] = unit === 'thread' ? ['0u', 'k++'] : ['lane', `k += ${size}u`];
    const body = indent([...loads, ...total, ...scaled, ...products]);
    return [`for (var k = ${start}; k < ${columns / step / steps}u; ${next}) {`, body, '}'];
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

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
