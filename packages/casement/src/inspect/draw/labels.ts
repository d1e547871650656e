import { evaluateDim, type Node, printShape, productDims, type Value } from '@casement/ir';
import { withPrefix } from '../units.ts';
import type { Line } from './drawing.ts';

/** Ops that only move or rename data; a block's summary leaves them out. */
const MOVING = new Set(['broadcastTo', 'cast', 'concat', 'reshape', 'slice', 'transpose']);
const [WIDTH, MAX_LINES, MAX_STEPS, MAX_PARAMS] = [30, 3, 5, 2];

/** What a closed block holds: its name, its ops in the order in which they first appear, and its params. */
export function blockLabel(scope: string, name: string, nodes: readonly Node[]): Line[] {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op.name, (counts.get(op.name) ?? 0) + 1);
  const telling = [...counts].filter(([op]) => !MOVING.has(op));
  const ops = (telling.length > 0 ? telling : [...counts]).map(([op, count]) => (count > 1 ? `${count} ${op}` : op));
  const lines = wrapped(ops);
  const params = paramsOf(nodes);
  return [
    { text: name, style: 'name' },
    ...(lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES - 1), '…'] : lines).map(plain),
    ...(params.length > MAX_PARAMS ? [countLine(params)] : paramLines(params, scope)),
  ];
}

/** Ops in a chain, one a line, with numbers that they are given, and their params. */
export function nodesLabel(scope: string, nodes: readonly Node[], constants: ReadonlyMap<Value, Node>): Line[] {
  const steps = nodes.map((node) => [node.op.name, ...numbersOf(node, constants)].join(' '));
  const shown =
    steps.length > MAX_STEPS ? [...steps.slice(0, MAX_STEPS - 1), `… ${steps.length - MAX_STEPS + 1} more`] : steps;
  return [...shown.map(plain), ...paramLines(paramsOf(nodes), scope)];
}

function numbersOf(node: Node, constants: ReadonlyMap<Value, Node>): string[] {
  return node.inputs.flatMap((value) => {
    const values = constants.get(value)?.attrs.values;
    const [only, ...others] = Array.isArray(values) ? values : [];
    return typeof only === 'number' && others.length === 0 ? [String(Number(only.toPrecision(4)))] : [];
  });
}

function countLine(params: readonly Value[]): Line {
  const elements = params.reduce((sum, { type }) => sum + evaluateDim(productDims(type.shape), new Map()), 0);
  return { text: `${params.length} params, ${withPrefix(elements)}`, style: 'param' };
}

function paramLines(params: readonly Value[], scope: string): Line[] {
  return params.map(({ name, type }) => ({ text: `${nameIn(scope, name)} ${printShape(type.shape)}`, style: 'param' }));
}

function paramsOf(nodes: readonly Node[]): Value[] {
  return [...new Set(nodes.flatMap(({ inputs }) => inputs.filter(({ kind }) => kind === 'param')))];
}

/** Comma-separated, broken into lines. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 2 <= WIDTH) lines[lines.length - 1] = `${last}, ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => (index < lines.length - 1 ? `${line},` : line));
}

function plain(text: string): Line {
  return { text, style: 'op' };
}

/** `model.layers.3.mlp` in `model.layers.3` is `mlp`. */
export function nameIn(scope: string, name: string): string {
  return scope !== '' && name.startsWith(`${scope}.`) ? name.slice(scope.length + 1) : name;
}

/** Where a value of outside comes from: an input's name, or the scope and op that made it. */
export function sourceLabel(value: Value, producer: Node | undefined): string {
  if (producer === undefined) return value.name;
  return producer.origin.scope === '' ? producer.op.name : `${producer.origin.scope}: ${producer.op.name}`;
}

/** Who reads a value outside of `scope`: the blocks beside it, or beside one around it. */
export function readerLabel(scope: string, readers: readonly Node[]): string {
  const blocks = new Set(readers.map(({ op, origin }) => beside(scope, origin.scope) || op.name));
  const [first, ...others] = blocks;
  return `to ${first}${others.length > 0 ? ` and ${others.length} more` : ''}`;
}

/** As much of `other` as says where it leaves `scope`: `layers.1` for `layers.1.mlp` and `layers.0`. */
function beside(scope: string, other: string): string {
  const own = scope.split('.');
  const segments = other.split('.');
  const shared = segments.findIndex((segment, index) => segment !== own[index]);
  return shared === -1 ? other : segments.slice(0, shared + 1).join('.');
}
