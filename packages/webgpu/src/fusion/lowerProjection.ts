import { type Node, ops, type QuantizedAttrs, quantizedOperands, type Value } from '@casement/ir';
import type { AttentionParts } from '../kernels/joinedSplits.ts';
import type { RowPart } from '../kernels/projectedRows.ts';
import type { VectorNorm, VectorSource } from '../kernels/projectedVector.ts';
import { type ProjectRowsSite, projectRows } from '../kernels/projectRows.ts';
import { inputOf, type LoweringContext } from '../lowering.ts';
import type { Operand } from '../operand.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { type RowWeight, stepOf } from '../wgsl/rowFormat.ts';
import { joinBlocks } from '../wgsl/spans.ts';
import { finishSection } from './finishSection.ts';
import type { Fusion } from './fusion.ts';
import { nodesOf, type Projection, resultsOf, rowsOf, rowsPerUnit, type Section } from './projection.ts';
import { resultsPerUnit, rowThreads } from './threads.ts';
import { unitRows } from './unitRows.ts';

export type { AttentionParts };

/** What lowering a projection needs beside the context. */
export interface ProjectionLowering {
  readonly fusion: Fusion;
  readonly context: LoweringContext;
  readonly partsOf: (attention: Node) => AttentionParts;
}

/** The kernel of a projection. */
export function lowerProjection(projection: Projection, lowering: ProjectionLowering): KernelCall {
  const { context, fusion } = lowering;
  const { source, sections } = projection;
  const columns = Number(source.x.type.shape.at(-1));
  const nodes = new Set(nodesOf(projection));
  const isStored = (value: Value) => fusion.isStored(value, nodes);
  const operands = boundOperands(nodes, context);
  const spans = joinBlocks(operands, context.profile.limits.maxStorageBufferBindingSize);
  const parts = sections.flatMap((section) => partsOf(projection, section, isStored, context));
  const site: ProjectRowsSite = {
    columns,
    source: sourceOf(projection, lowering),
    norm: source.norm && normOf(source.norm, context),
    parts,
    spans,
  };
  const [weight] = parts[0]?.weights ?? [];
  const steps = weight ? columns / stepOf(weight, columns) : columns;
  return projectRows(site, rowThreads(context.profile, steps));
}

/** Params that a projection reads, and states that it appends to. */
export function boundOperands(nodes: Iterable<Node>, context: LoweringContext): readonly Operand[] {
  const all = [...nodes];
  const params = new Set(all.flatMap(({ inputs }) => inputs.filter(({ kind }) => kind === 'param')));
  const caches = all.filter(({ op }) => op.name === ops.append.name).map(({ inputs: [state] }) => state);
  return [
    ...[...params].flatMap((value) => context.pieces(value).map(({ operand }) => operand)),
    ...caches.flatMap((state) => (state ? [context.stored(state)] : [])),
  ];
}

/** All params that a projection reads. */
export function paramsOf(projection: Projection): readonly Value[] {
  const values = nodesOf(projection).flatMap(({ inputs }) => inputs);
  return [...new Set(values.filter(({ kind }) => kind === 'param'))];
}

function sourceOf({ source }: Projection, { context, partsOf }: ProjectionLowering): VectorSource {
  if (source.attention) return { kind: 'parts', ...partsOf(source.attention) };
  return { kind: 'vector', x: context.operand(source.x) };
}

function normOf(norm: Node, context: LoweringContext): VectorNorm {
  const [gain, shift] = [norm.inputs[1], norm.inputs[2]];
  return {
    kind: norm.op.name === ops.rmsNorm.name ? 'rms' : 'layer',
    gain: gain && context.operand(gain),
    shift: shift && context.operand(shift),
    eps: Number(norm.attrs.eps),
  };
}

/** What the kernel of a projection computes for a section. Gives memory to what it stores. */
export function partsOf(
  projection: Projection,
  section: Section,
  isStored: (value: Value) => boolean,
  context: LoweringContext,
): readonly RowPart[] {
  const finish = finishSection(projection, section, isStored, context);
  const results = resultsOf(projection, resultsPerUnit(context.profile));
  return weightsOf(section, context).map((weights) => partOf(section, weights, finish, results));
}

/** Rows of a section's weights, side by side; several times where a weight is bound in pieces. */
function weightsOf({ linears }: Section, context: LoweringContext): readonly (readonly RowWeight[])[] {
  const pieces = linears.map((linear) => rowWeights(linear, context));
  const [first] = pieces;
  if (first && pieces.length === 1) return first.map((piece) => [piece]);
  const whole = pieces.map((list) => list[0]);
  if (pieces.some((list) => list.length > 1) || whole.some((piece) => piece === undefined)) {
    throw new RangeError('weights that are computed side by side must be bound whole');
  }
  return [whole.filter((piece) => piece !== undefined)];
}

function rowWeights(linear: Node, context: LoweringContext): readonly RowWeight[] {
  if (linear.op.name === ops.linear.name) {
    const pieces = context.pieces(inputOf(linear, 1));
    return pieces.map(({ operand, first }) => ({ numbers: operand, blocks: undefined, first }));
  }
  const { packed, scales, zeros } = quantizedOperands(linear.inputs, 1);
  const blocks = {
    attrs: linear.attrs as QuantizedAttrs, // the op's attributes, by its name
    scales: context.stored(scales),
    zeros: zeros && context.stored(zeros),
  };
  return context.pieces(packed).map(({ operand, first }) => ({ numbers: operand, blocks, first }));
}

function partOf(section: Section, weights: readonly RowWeight[], finish: RowPart['finish'], results: number): RowPart {
  const [weight] = weights;
  const single = section.linears.length === 1 && weight !== undefined;
  const count = single ? Number(weight.numbers.type.shape[0]) : rowsOf(section);
  const perUnit = rowsPerUnit(section, results);
  const { units, lines } = unitRows(count, single ? weight.first : 0, perUnit, section.pairing);
  return { weights, units, perUnit, rows: lines, finish };
}
