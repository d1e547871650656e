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
import { whyNotGroupQueryAttention } from '../lower/groupQueryAttention.ts';
import { Notes } from './notes.ts';
import { partnersOf } from './partners.ts';
import { Uses } from './uses.ts';

/**
 * The dims whose states are held at full capacity from the start, so that a run writes its rows in place: those that
 * only `GroupQueryAttention` reads, which is told how many rows are valid. Nothing else may look at them, or at the
 * dim, since neither shows in the tensors' shapes any more. `notes` hears why others are not.
 */
export function preallocatedDims(program: Program, notes = new Notes()): ReadonlySet<string> {
  const partners = partnersOf(program);
  const graphs = [...program.entries.values()];
  const found = new Set<string>();
  for (const dim of new Set([...program.states.values()].map(lengthDim))) {
    const decls = [...program.states.values()].filter((decl) => lengthDim(decl) === dim);
    const names = new Set(decls.map(({ name }) => name));
    // Without attention nobody would need it.
    if (!graphs.some((graph) => graph.nodes.some((node) => isAppending(node, names)))) continue;
    const reasons = graphs.flatMap((graph) => {
      const why = whyNotInPlace(graph, dim, names, partners);
      return why === undefined ? [] : [`in ${graph.name}, ${why}`];
    });
    const [first] = reasons;
    if (first === undefined) found.add(dim);
    else notes.add('caches in place', `states counted by "${dim}"`, first);
  }
  return found;
}

function isAppending({ op, inputs }: Node, states: ReadonlySet<string>): boolean {
  return op.name === 'attention' && states.has(inputs[1]?.state ?? '');
}

/** Why an entry does not leave the states of a dim to attention alone. */
function whyNotInPlace(
  graph: Graph,
  dim: string,
  states: ReadonlySet<string>,
  partners: ReadonlyMap<string, string>,
): string | undefined {
  const uses = new Uses(graph);
  const mine = graph.states.filter(({ state }) => states.has(state));
  const unread = mine.filter((use) => isUnread(use, uses));
  for (const use of mine) {
    const why = unread.includes(use) ? whyNotInPairs(use, unread, partners) : whyNotUpdated(use, uses);
    if (why !== undefined) return `"${use.state}": ${why}`;
  }
  return mentions(graph, dim, states) ? 'something depends on the length' : undefined;
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

function whyNotInPairs(
  { state, end }: StateUse,
  unread: readonly StateUse[],
  partners: ReadonlyMap<string, string>,
): string | undefined {
  const partner = unread.find((use) => use.state === partners.get(state));
  if (partner === undefined)
    return 'rows are appended to keys or values alone, or to states that are paired with several';
  if (!sameShape(partner.end.type.shape, end.type.shape)) return 'keys and values differ in shape';
  return hasFittingRows(end) ? undefined : 'heads are no multiple of 8, or there are several sequences';
}

/** What `GroupQueryAttention` wants of a cache [1 rows heads size]. */
function hasFittingRows({ type: { shape } }: Value): boolean {
  return shape.length === 4 && shape[0] === 1 && typeof shape[2] === 'number' && Number(shape[3]) % 8 === 0;
}

/** Undefined for a state that is left alone, emptied, written after that, or appended to and read by one attention. */
function whyNotUpdated({ start, end }: StateUse, uses: Uses): string | undefined {
  if (start === end) return uses.readersOf(start).length === 0 ? undefined : 'it is only read';
  const last = uses.producerOf(end);
  const first = last?.op.name === 'append' ? uses.producerOf(last.inputs[0]) : undefined;
  const emptied = [last, first].find((node) => node?.op.name === 'reset');
  const alone = uses.readersOf(start).length === 1;
  if (emptied) {
    const [empty] = emptied.outputs;
    const unread = emptied === last || (empty !== undefined && uses.readersOf(empty).length === 1);
    const whole = emptied.inputs[0] === start && uses.readersOf(end).length === 0;
    return alone && unread && whole ? undefined : 'it is emptied and read in one run';
  }
  if (last?.op.name !== 'append' || last.inputs[0] !== start) return 'it is appended to more than once';
  if (!alone) return 'it is read as it was before the run';
  const [reader, ...more] = uses.readersOf(end);
  if (reader?.op.name !== 'attention' || more.length > 0) return 'something reads it beside one attention';
  return whyNotGroupQueryAttention(reader, uses);
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
