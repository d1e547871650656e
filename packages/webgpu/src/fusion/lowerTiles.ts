import type { Node, Value } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { projectBlockPerThread } from '../kernels/projectBlockPerThread.ts';
import type { RowPart } from '../kernels/projectedRows.ts';
import { projectSharedTiles } from '../kernels/projectSharedTiles.ts';
import type { ProjectTilesSite } from '../kernels/projectTiles.ts';
import type { LoweringContext } from '../lowering.ts';
import type { Operand } from '../operand.ts';
import { type KernelCall, storageBuffers } from '../wgsl/kernelBuilder.ts';
import { joinBlocks, type SpanPart } from '../wgsl/spans.ts';
import type { Fusion } from './fusion.ts';
import { boundOperands, partsOf } from './lowerProjection.ts';
import { nodesOf, type Projection, type Section, vectorsOf } from './projection.ts';

/** Kernels for what several linears make of many rows of x. */
export const projectTileKernels: readonly Candidate<ProjectTilesSite>[] = [
  {
    kernel: 'projectSharedTiles',
    rule: 'fused: linears that read the same rows and what follows them, on GPUs',
    when: (_, { kind }) => kind === 'gpu',
    build: projectSharedTiles,
  },
  {
    kernel: 'projectBlockPerThreadQuads',
    rule: 'fused: linears that read the same rows and what follows them; subgroups, no barriers',
    when: (_, { features }) => features.has('subgroups'),
    build: (site) => projectBlockPerThread(site, { rows: 8, quads: true }),
  },
  {
    kernel: 'projectBlockPerThread',
    rule: 'fused: linears that read the same rows and what follows them; no barriers',
    when: always,
    build: (site) => projectBlockPerThread(site, { rows: 4, quads: false }),
  },
];

/** A kernel for some of a projection's sections, or nodes that need to be lowered one by one. */
export type TileStep =
  | { readonly kind: 'call'; readonly call: KernelCall }
  | { readonly kind: 'nodes'; readonly nodes: readonly Node[] };

interface TileSection {
  readonly section: Section;
  readonly nodes: readonly Node[];
  readonly parts: readonly RowPart[];
  readonly operands: readonly Operand[];
}

/** More make a text that compilers take long for; each has statements of its own. */
const MOST_SECTIONS = 16;

/**
 * The kernels of a projection of many rows: one, or as few as buffers and the sizes of bindings allow. What is left alone
 * is noted.
 */
export function lowerTiles(projection: Projection, fusion: Fusion, context: LoweringContext): readonly TileStep[] {
  const [section] = projection.sections;
  if (section && projection.sections.length === 1 && section.linears.length === 1 && section.nodes.length === 0) {
    return [{ kind: 'nodes', nodes: section.linears }];
  }
  const all = new Set(nodesOf(projection));
  const isStored = (value: Value) => fusion.isStored(value, all);
  const waiting = projection.sections.map((own): TileSection => {
    const nodes = [...own.linears, ...own.nodes];
    const parts = partsOf(projection, own, isStored, context);
    return { section: own, nodes, parts, operands: boundOperands(nodes, context) };
  });
  const steps: TileStep[] = [];
  let open: readonly TileSection[] = [];
  for (const next of waiting) {
    const joined = open.length < MOST_SECTIONS ? [...open, next] : [next];
    const call = callOf(projection, joined, context);
    if (call) {
      // What was open goes on in a larger kernel.
      if (joined.length > 1) steps.pop();
      steps.push({ kind: 'call', call });
      open = joined;
      continue;
    }
    const alone = joined.length > 1 ? callOf(projection, [next], context) : undefined;
    if (alone) steps.push({ kind: 'call', call: alone });
    else {
      const [linear] = next.section.linears;
      if (linear)
        fusion.note('lowerTiles', linear, 'its kernel would bind too many buffers, or what lies too far apart');
      steps.push({ kind: 'nodes', nodes: fusion.sorted(next.nodes) });
    }
    open = alone ? [next] : [];
  }
  return steps;
}

function callOf(
  { source }: Projection,
  sections: readonly TileSection[],
  context: LoweringContext,
): KernelCall | undefined {
  const { limits } = context.profile;
  const operands = sections.flatMap((section) => section.operands);
  const spans = joinBlocks(operands, limits.maxStorageBufferBindingSize, Number.POSITIVE_INFINITY);
  const parts = sections.flatMap((section) => section.parts);
  if (!isOneRange(parts, spans)) return undefined;
  const site: ProjectTilesSite = {
    x: context.operand(source.x),
    rows: vectorsOf(source.x),
    columns: Number(source.x.type.shape.at(-1)),
    parts,
    spans,
  };
  const call = choose(projectTileKernels, site, context.profile);
  return storageBuffers(call) <= limits.maxStorageBuffersPerShaderStage ? call : undefined;
}

/** Whether one binding covers the numbers and zero points of all weights, and one their scales. */
function isOneRange(parts: readonly RowPart[], spans: ReadonlyMap<Operand['block'], SpanPart>): boolean {
  const weights = parts.flatMap((part) => part.weights);
  const rangesOf = (operands: readonly (Operand | undefined)[]) =>
    new Set(operands.flatMap((operand) => (operand ? [spans.get(operand.block)?.span ?? operand.block] : []))).size;
  const numbers = weights.flatMap(({ numbers, blocks }) => [numbers, blocks?.zeros]);
  return rangesOf(numbers) === 1 && rangesOf(weights.map(({ blocks }) => blocks?.scales)) <= 1;
}
