import { type Graph, IrError, nearest, type Program } from '@casement/ir';
import { matchScopes } from '@casement/passes';
import { escapeText, text } from '../plot/lineChart.ts';
import { HEAD, picture } from '../plot/picture.ts';
import type { Arrow, Box, Frame } from './drawing.ts';
import { drawingOf } from './drawingOf.ts';
import { type Area, LINE_HEIGHT, layoutDrawing, type Point } from './layout.ts';
import { legend } from './legend.ts';
import { DARK, LIGHT } from './style.ts';

export interface DrawOptions {
  /** The block, such as `model.layers.0`. Default: everything. */
  readonly scope?: string;
  /** Default: the first entry that has the scope. */
  readonly entry?: string;
  /** How many levels of blocks within it are told apart. Default 1: its own, closed. */
  readonly depth?: number;
}

/**
 * A block of a program as an SVG picture: what it calls, what data goes where, and its params and states. Throws IrError,
 * with what there is, for an entry or a scope that is not there.
 */
export async function drawBlock(program: Program, { scope = '', entry, depth = 1 }: DrawOptions): Promise<string> {
  const graph = entryWith(program, scope, entry);
  const layout = await layoutDrawing(drawingOf(program, graph, scope, depth));
  const title = `${program.name}: ${scope || 'all'} in ${graph.name}`;
  const kinds = new Set([...layout.boxes.map(({ box }) => box.kind), ...layout.arrows.map(({ arrow }) => arrow.kind)]);
  const { width, content } = legend(kinds, HEAD + layout.height + 20);
  return picture(
    {
      title,
      note: 'Drawn from the graph; data flows from top to bottom.',
      width: Math.ceil(Math.max(layout.width, width, title.length * 9 + 40, 380)),
      height: Math.ceil(HEAD + layout.height + 44),
      light: LIGHT,
      dark: DARK,
    },
    [
      `<g transform="translate(0 ${HEAD})">`,
      ...layout.frames.map(({ frame, area }) => drawFrame(frame, area)),
      ...layout.arrows.map(({ arrow, points }) => drawArrow(arrow, points)),
      ...layout.boxes.map(({ box, area }) => drawBox(box, area)),
      '</g>',
      content,
    ],
  );
}

function entryWith(program: Program, scope: string, entry: string | undefined): Graph {
  const entries = [...program.entries.values()];
  const named = entry === undefined ? entries : entries.filter(({ name }) => name === entry);
  const [first] = named;
  if (first === undefined) {
    const names = entries.map(({ name }) => name);
    throw new IrError(`there is no entry "${entry}"${nearest(entry ?? '', names)}; there are ${names.join(', ')}`);
  }
  if (scope === '') return first;
  const has = ({ nodes }: Graph) => nodes.some(({ origin }) => `${origin.scope}.`.startsWith(`${scope}.`));
  const found = named.find(has);
  if (found === undefined) matchScopes(first, scope); // throws, saying what there is
  return found ?? first;
}

function drawFrame({ name }: Frame, { left, top, width, height }: Area): string {
  const rect = `<rect class="frame" x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(height)}" rx="6"/>`;
  return `${rect}${text(left + 8, top + 15, name, 'start', 'name')}`;
}

function drawBox({ kind, lines }: Box, { left, top, width, height }: Area): string {
  const radius = { block: 4, nodes: 12, input: height / 2, output: height / 2, state: 0 }[kind];
  const rect = `<rect class="${kind}" x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(height)}" rx="${px(radius)}"/>`;
  const from = top + (height - lines.length * LINE_HEIGHT) / 2 + 12;
  const label = lines.map((line, row) => {
    return text(left + width / 2, from + row * LINE_HEIGHT, line.text, 'middle', line.style);
  });
  return `<g><title>${escapeText(lines.map((line) => line.text).join('\n'))}</title>${rect}${label.join('')}</g>`;
}

/** Through the middles between points, so that bends are round. */
function drawArrow({ kind, both }: Arrow, points: readonly Point[]): string {
  const [first, ...others] = points;
  const last = others.at(-1);
  if (first === undefined || last === undefined) return '';
  const bends = others
    .slice(0, -1)
    .map((point, index) => `Q${at(point)} ${at(middle(point, others[index + 1] ?? last))}`);
  const path = `M${at(first)}${bends.join('')}L${at(last)}`;
  const start = both ? ` marker-start="url(#${kind}-end)"` : '';
  return `<path class="arrow ${kind}-arrow" d="${path}" marker-end="url(#${kind}-end)"${start}/>`;
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function at({ x, y }: Point): string {
  return `${px(x)} ${px(y)}`;
}

/** To a tenth of a pixel. */
function px(value: number): number {
  return Number(value.toFixed(1));
}
