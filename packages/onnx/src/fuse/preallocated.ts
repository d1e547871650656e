import {
  type Graph,
  isSymbolic,
  lengthDim,
  type Node,
  type Program,
  type StateUse,
  sameShape,
  symbolicDims,
  type Value,
} from '@casement/ir';
import { takesGroupQueryAttention } from '../lower/groupQueryAttention.ts';
import { partnersOf } from './partners.ts';
import { Uses } from './uses.ts';

/**
 * The dims whose states are held at full capacity from the start, so that a run writes its rows in place: those that
 * only `GroupQueryAttention` reads, which is told how many rows are valid. Nothing else may look at them, or at the
 * dim, since neither shows in the tensors' shapes any more.
 */
export function preallocatedDims(program: Program): ReadonlySet<string> {
  const dims = new Set([...program.states.values()].map(lengthDim));
  const partners = partnersOf(program);
  const states = (dim: string) => new Set([...program.states.values()].filter((decl) => lengthDim(decl) === dim));
  return new Set(
    [...dims].filter((dim) => {
      const names = new Set([...states(dim)].map(({ name }) => name));
      const graphs = [...program.entries.values()];
      // Without attention nobody would need it.
      const attended = graphs.some((graph) => graph.nodes.some((node) => isAppending(node, names)));
      return attended && graphs.every((graph) => onlyAttended(graph, dim, names, partners));
    }),
  );
}

function isAppending({ op, inputs }: Node, states: ReadonlySet<string>): boolean {
  return op.name === 'attention' && states.has(inputs[1]?.state ?? '');
}

function onlyAttended(
  graph: Graph,
  dim: string,
  states: ReadonlySet<string>,
  partners: ReadonlyMap<string, string>,
): boolean {
  const uses = new Uses(graph);
  const mine = graph.states.filter(({ state }) => states.has(state));
  const unread = mine.filter((use) => isUnread(use, uses));
  const inPairs = unread.every(({ state, end }) => {
    const partner = unread.find((use) => use.state === partners.get(state));
    return partner !== undefined && sameShape(partner.end.type.shape, end.type.shape) && hasFittingRows(end);
  });
  const inPlace = mine.every((use) => unread.includes(use) || isInPlace(use, uses));
  return inPairs && inPlace && !mentions(graph, dim, states);
}

/** Rows that nobody reads in this entry; attention writes them, keys and values at once. */
function isUnread({ start, end }: StateUse, uses: Uses): boolean {
  const last = uses.producerOf(end);
  return (
    last?.op.name === 'append' &&
    last.inputs[0] === start &&
    uses.readersOf(start).length === 1 &&
    uses.readersOf(end).length === 0
  );
}

/** What `GroupQueryAttention` wants of a cache [1 rows heads size]. */
function hasFittingRows({ type: { shape } }: Value): boolean {
  return shape.length === 4 && shape[0] === 1 && typeof shape[2] === 'number' && Number(shape[3]) % 8 === 0;
}

/** Nothing, a reset, rows after a reset, or rows that one attention reads. */
function isInPlace({ start, end }: StateUse, uses: Uses): boolean {
  if (start === end) return uses.readersOf(start).length === 0;
  const last = uses.producerOf(end);
  const first = last?.op.name === 'append' ? uses.producerOf(last.inputs[0]) : undefined;
  const emptied = [last, first].find((node) => node?.op.name === 'reset');
  if (emptied) {
    const alone = emptied === last || uses.readersOf(emptied.outputs[0] as Value).length === 1; // a reset has one result
    return (
      alone && emptied.inputs[0] === start && uses.readersOf(start).length === 1 && uses.readersOf(end).length === 0
    );
  }
  if (last?.op.name !== 'append' || last.inputs[0] !== start || uses.readersOf(start).length !== 1) return false;
  const [reader, ...more] = uses.readersOf(end);
  return reader?.op.name === 'attention' && more.length === 0 && takesGroupQueryAttention(reader, uses);
}

/** Whether anything but the states' own versions and the attention over them depends on a dim. */
function mentions({ inputs, nodes, outputs }: Graph, dim: string, states: ReadonlySet<string>): boolean {
  const has = (value: Value) => value.type.shape.some((size) => isSymbolic(size) && size.names.includes(dim));
  const others = nodes.filter(({ op }) => op.updatesState !== true);
  return (
    inputs.some(has) ||
    outputs.some(({ value }) => has(value) || states.has(value.state ?? '')) ||
    others.some(
      ({ outputs, attrs }) => outputs.some(has) || symbolicDims(attrs).some(({ names }) => names.includes(dim)),
    )
  );
}
