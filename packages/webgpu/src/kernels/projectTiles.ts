import type { Dim } from '@casement/ir';
import type { Block, Operand } from '../operand.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { SpanPart } from '../wgsl/spans.ts';
import type { RowPart } from './projectedRows.ts';
import { TiledRows } from './tiledRows.ts';

export interface ProjectTilesSite {
  readonly x: Operand;
  /** Rows of x. */
  readonly rows: Dim;
  /** Numbers of a row: a multiple of four. */
  readonly columns: number;
  /** Units of four products; all weights are stored alike, in one range. */
  readonly parts: readonly RowPart[];
  readonly spans: ReadonlyMap<Block, SpanPart>;
}

/** What all kernels that multiply many rows of x with weights of several linears begin with. */
export class TileKernel {
  readonly kernel: FusedKernel;
  readonly rows: TiledRows;
  readonly units: number;

  constructor(
    private readonly site: ProjectTilesSite,
    algorithm: string,
    summary: string,
  ) {
    const [weight] = site.parts[0]?.weights ?? [];
    if (!weight) throw new RangeError('nothing to multiply with');
    this.kernel = new FusedKernel(algorithm, summary, site.spans);
    this.rows = new TiledRows(this.kernel, site.columns, weight, site.spans);
    this.units = site.parts.reduce((sum, { units }) => sum + units, 0);
  }

  /** Reads four numbers of a row of x. */
  readX(): (row: string, quad: string) => string {
    const { quad } = this.kernel.read('x', this.site.x, 'quad');
    return (row, at) => quad(`${row} * ${this.site.columns / 4}u + ${at}`);
  }
}
