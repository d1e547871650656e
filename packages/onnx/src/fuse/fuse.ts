import { type Graph, lengthDim, type Node, type Program, type Value } from '@casement/ir';
import type { WeightPlace } from '../proto.ts';
import { foldedScales, mayWriteScores } from './foldedScales.ts';
import type { JointParam } from './jointWeights.ts';
import { Notes } from './notes.ts';
import { packLinears } from './packLinears.ts';
import { partnersOf } from './partners.ts';
import { findQkv, type Qkv } from './qkv.ts';
import { findResidualNorms } from './residualNorms.ts';
import { type Tiles, tilesOf } from './tiles.ts';
import { Uses } from './uses.ts';

/** What the lowering of one graph does in fewer nodes than the graph has. */
export interface Fused {
  /** The graph with its linear layers packed. */
  readonly graph: Graph;
  /** Params that stand for several. */
  readonly joint: ReadonlyMap<string, JointParam>;
  /** Queries, keys and values side by side, for attentions that take them so and rotate them. */
  readonly qkv: ReadonlyMap<Node, { readonly value: Value; readonly rope: Qkv['rope'] }>;
  /** Sums that are computed with the norm that reads them. */
  readonly residualNorms: ReadonlyMap<Node, Node>;
  /** Values that are cut into parts in one node. */
  readonly tiles: ReadonlyMap<Value, Tiles>;
  /** Dims whose states are held at full capacity. */
  readonly preallocated: ReadonlySet<string>;
  capacity(dim: string): number;
  /** The states that attention reads together, keys and values, either way round. */
  readonly partners: ReadonlyMap<string, string>;
  /** States of keys that are held times √scale, with that scale. */
  readonly foldedScales: ReadonlyMap<string, number>;
  /** Whether the CPU is faster with the kernel of an attention that writes all scores out. */
  writesScores(attention: Node): boolean;
  /** Rotary angles are looked up in tables of so many positions; undefined: they are computed. */
  readonly positionRows: number | undefined;
}

/** Positions that a model without a text cache can reach: nothing else says how long its stream may be. */
const MOST_POSITIONS = 1 << 16;

/** Nothing is fused: every node is lowered as it stands. */
export function unfused(graph: Graph): Fused {
  return {
    graph,
    joint: new Map(),
    qkv: new Map(),
    residualNorms: new Map(),
    tiles: new Map(),
    preallocated: new Set(),
    capacity: () => 0,
    partners: new Map(),
    foldedScales: new Map(),
    writesScores: () => false,
    positionRows: undefined,
  };
}

/** Finds all that profile `ort` fuses in a graph; `notes` hears what is left alone, and why. */
export function fuse(
  program: Program,
  original: Graph,
  preallocated: ReadonlySet<string>,
  weights: (param: string) => WeightPlace,
  notes: Notes,
): Fused {
  const capacity = (dim: string) => program.dims.get(dim)?.max ?? 0;
  const positionRows = boundOfPositions(program, original, preallocated);
  const inside = (graph: Graph, heard = new Notes()) =>
    findQkv(graph.nodes, new Uses(graph), heard).filter((qkv) => {
      const why = preallocated.has(dimOf(program, qkv.state))
        ? whyNotInside(program, graph, qkv)
        : 'its cache grows from run to run';
      if (why !== undefined) heard.add('rotation inside attention', `"${qkv.attention.outputs[0]?.name}"`, why);
      return why === undefined;
    });
  const { graph, params, qkv } = packLinears(original, weights, inside(original, notes), notes);
  const uses = new Uses(graph);
  const values = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const tiles = [...values].flatMap((value) => {
    const found = tilesOf(value, uses, notes);
    return found ? [[value, found] as const] : [];
  });
  return {
    graph,
    joint: new Map(params.map((joint) => [joint.param.name, joint])),
    qkv: new Map([...qkv].map(([{ attention, rope }, value]) => [attention, { value, rope }])),
    residualNorms: findResidualNorms(graph.nodes, uses, notes),
    tiles: new Map(tiles),
    preallocated,
    capacity,
    partners: partnersOf(program),
    foldedScales: foldedScales(program, inside, original, notes),
    writesScores: (attention) => mayWriteScores(program, attention),
    positionRows,
  };
}

/**
 * Why attention may not look angles up by place in the cache. Several sequences in one run share that table, so tokens
 * at one place must have one position: so it is in a text cache that is never emptied, and not in windows.
 */
function whyNotInside(program: Program, graph: Graph, { attention, state, rope }: Qkv): string | undefined {
  if (rope === undefined) return undefined;
  if (Number(attention.inputs[1]?.type.shape[3]) % 16 !== 0) return 'heads are no multiple of 16';
  if (!graph.inputs.includes(rope.positions)) return 'positions are computed';
  if (!isEmptied(program, dimOf(program, state))) return undefined;
  return 'its cache is emptied, so that sequences have different positions at one place';
}

/** Text positions are below the capacity of the text cache, in the entries that append to it. */
function boundOfPositions(program: Program, graph: Graph, preallocated: ReadonlySet<string>): number | undefined {
  const grown = graph.states.flatMap(({ state, start, end }) => (start === end ? [] : [dimOf(program, state)]));
  const dims = [...new Set(grown)].filter((dim) => preallocated.has(dim));
  const attends = graph.nodes.some(({ op }) => op.name === 'attention');
  if (dims.length === 0 || !attends) return undefined;
  const texts = dims.filter((dim) => !isEmptied(program, dim)).map((dim) => program.dims.get(dim)?.max ?? 0);
  return texts.length > 0 ? Math.max(...texts) : MOST_POSITIONS;
}

function isEmptied(program: Program, dim: string): boolean {
  return [...program.entries.values()].some(({ nodes }) =>
    nodes.some(({ op, inputs }) => op.name === 'reset' && dimOf(program, inputs[0]?.state ?? '') === dim),
  );
}

function dimOf(program: Program, state: string): string {
  const decl = program.states.get(state);
  return decl ? lengthDim(decl) : '';
}
