import { type Graph, IrError, lengthDim, type Node, type Program, type Value } from '@casement/ir';
import type { Context, Profile } from './context.ts';
import { type DimSource, Dims } from './dims.ts';
import type { Fused } from './fuse/fuse.ts';
import { type GivenInput, type GivenKind, givenName, givenType } from './given.ts';
import { GraphWriter, type Tensor } from './graphWriter.ts';
import { residualNorm } from './lower/residualNorm.ts';
import { emitInto, lowerNode } from './lowerNode.ts';
import type { WeightPlace } from './proto.ts';
import { GraphStates, type StateLayout } from './states.ts';
import { type Form, Values } from './values.ts';
import { wideInputs } from './wideInputs.ts';

export interface GraphOptions {
  readonly profile: Profile;
  readonly fused: Fused;
  readonly weights: (param: string) => WeightPlace;
  readonly layouts: ReadonlyMap<string, StateLayout>;
}

export interface LoweredGraph {
  /** The bytes of a ModelProto. */
  readonly model: Uint8Array;
  /** Inputs that the program does not have. */
  readonly given: readonly GivenInput[];
  /** Inputs that must be below a number, and not negative. */
  readonly below: Readonly<Record<string, number>>;
}

/**
 * One entry in ONNX; undefined when it has nothing to compute, since it only empties states. Throws IrError naming the
 * node that cannot be lowered.
 */
export function lowerGraph(program: Program, options: GraphOptions): LoweredGraph | undefined {
  const { fused } = options;
  const { graph } = fused;
  const writer = new GraphWriter(graph.name, (name) => fused.joint.get(name)?.place ?? options.weights(name));
  const starts = new Map(graph.states.map(({ state, start }) => [state, start]));
  const shapeOf: ConstructorParameters<typeof GraphStates>[2] = ({ type }, decl) => {
    const dim = lengthDim(decl);
    return fused.preallocated.has(dim)
      ? type.shape.map((size, axis) => (axis === decl.axis ? fused.capacity(dim) : size))
      : type.shape;
  };
  const states = new GraphStates(writer, options.layouts, shapeOf, starts);
  const given = new Map<string, GivenInput & { readonly tensor: Tensor }>();
  const below: Record<string, number> = {};
  reserveNames(writer, graph, options.layouts);
  const dims = new Dims(writer, program.dims, dimSources(graph, states));
  const values = new Values(writer, dims, desiredNames(graph, options.layouts));
  const shared = new Map<string, unknown>();
  const once = <T>(key: string, make: () => T): T => {
    if (!shared.has(key)) shared.set(key, make());
    return shared.get(key) as T; // a key is used for one kind of thing only
  };
  const emitAs = (prefix: string) => emitInto(ctx, prefix);
  const give = (kind: GivenKind, dim: string): Tensor => {
    const input = givenName(kind, dim);
    const known = given.get(input);
    if (known) return known.tensor;
    const [batch = 1, rows = 1] = rowsCountedBy(program, graph, dim)?.type.shape ?? [];
    const tensor = { name: input, type: givenType(kind, dim, batch, rows) };
    given.set(input, { input, kind, dim, rows: typeof rows === 'number' ? rows : String(rows), tensor });
    return tensor;
  };
  const requireBelow = (input: Value, limit: number): void => {
    below[input.name] = Math.min(below[input.name] ?? limit, limit);
  };
  const ctx: Context = {
    profile: options.profile,
    writer,
    dims,
    values,
    states,
    fused,
    given: give,
    requireBelow,
    once,
    emitAs,
  };

  defineInputs(ctx, graph);
  lowerNodes(ctx, graph.nodes);
  writer.origin = { scope: '' };
  for (const { name, value } of graph.outputs) writer.output(name, values.plain(value));
  for (const { state, start, end } of graph.states) {
    const layout = options.layouts.get(state);
    const grown = start !== end && states.versionOf(end).kind !== 'empty';
    if (layout && grown) writer.output(layout.present, values.get(end, layout.form));
  }
  states.declareInputs();
  for (const { tensor } of given.values()) writer.input(tensor);
  if (writer.isEmpty) return undefined;
  const inputs = [...given.values()].map(({ tensor: _, ...input }) => input);
  return { model: writer.finish(), given: inputs, below };
}

function lowerNodes(ctx: Context, nodes: readonly Node[]): void {
  const { residualNorms } = ctx.fused;
  const normed = new Set(residualNorms.values());
  for (const node of nodes) {
    const norm = residualNorms.get(node);
    ctx.writer.origin = node.origin;
    if (norm) residualNorm(ctx, node, norm);
    else if (!normed.has(node)) lowerNode(ctx, node);
  }
}

/** Rows [batch seq …] that are appended to the states counted by a dim, or the queries that read these. */
function rowsCountedBy(program: Program, { nodes }: Graph, dim: string): Value | undefined {
  const counts = (value: Value | undefined): boolean => {
    const decl = program.states.get(value?.state ?? '');
    return decl !== undefined && lengthDim(decl) === dim;
  };
  const appended = nodes.find(({ op, inputs }) => op.name === 'append' && counts(inputs[0]));
  return appended?.inputs[1] ?? nodes.find(({ op, inputs }) => op.name === 'attention' && counts(inputs[1]))?.inputs[0];
}

/** Keeps the names that are seen from outside for those who must have them. Throws IrError when two must have one. */
function reserveNames({ names }: GraphWriter, graph: Graph, layouts: GraphOptions['layouts']): void {
  const both = graph.outputs.find((output) => graph.inputs.some(({ name }) => name === output.name));
  if (both) {
    throw new IrError(`entry ${graph.name}: an input and an output are named "${both.name}"; ONNX needs two names`);
  }
  const boundary = [...graph.inputs, ...graph.outputs].map(({ name }) => name);
  const states = [...layouts.values()].flatMap(({ past, present }) => [past, present]);
  for (const name of [...boundary, ...states]) names.reserve(name);
}

/** The names that values should have in the form in which they leave the graph. */
function desiredNames(graph: Graph, layouts: GraphOptions['layouts']): Map<Value, Map<Form, string>> {
  const names = new Map<Value, Map<Form, string>>();
  const want = (value: Value, form: Form, name: string) => {
    const forms = names.get(value) ?? new Map<Form, string>();
    names.set(value, forms.has(form) ? forms : forms.set(form, name));
  };
  for (const { name, value } of graph.outputs) want(value, 'plain', name);
  for (const { state, start, end } of graph.states) {
    const layout = layouts.get(state);
    if (layout && start !== end) want(end, layout.form, layout.present);
  }
  return names;
}

/** Where each dim can be read: an input's shape, or else a state's. */
function dimSources(graph: Graph, states: GraphStates): Map<string, DimSource> {
  const sources = new Map<string, DimSource>();
  const look = (shape: Value['type']['shape'], source: (axis: number) => DimSource) => {
    shape.forEach((dim, axis) => {
      const isName = typeof dim !== 'number' && dim.names[0] === String(dim);
      if (isName && !sources.has(String(dim))) sources.set(String(dim), source(axis));
    });
  };
  for (const { name, type } of graph.inputs) look(type.shape, (axis) => ({ tensor: () => ({ name, type }), axis }));
  for (const { state, start } of graph.states) {
    const { perm } = states.layoutOf(start);
    look(start.type.shape, (axis) => ({ tensor: () => states.past(state), axis: perm.indexOf(axis) }));
  }
  return sources;
}

function defineInputs({ writer, values, states }: Context, graph: Graph): void {
  const wide = wideInputs(graph);
  for (const input of graph.inputs) {
    const { dtype, shape } = input.type;
    const tensor = { name: input.name, type: { dtype: wide.has(input) ? 'i64' : dtype, shape } } as const;
    writer.input(tensor);
    values.set(input, 'plain', tensor);
  }
  for (const { state, start } of graph.states)
    values.define(start, states.layoutOf(start).form, () => states.past(state));
}
