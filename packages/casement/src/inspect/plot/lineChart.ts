import { spread } from './spread.ts';
import { ticks, unitFor } from './ticks.ts';

export interface Line {
  readonly label: string;
  /** Its class in the style sheet. */
  readonly style: string;
  /** One value for each x from 1 on. */
  readonly values: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  /** What the units of the y axis are made of. */
  readonly kind: 'decimal' | 'bytes';
  /** Writes a value next to its line. */
  readonly format: (value: number) => string;
  readonly lines: readonly Line[];
}

/** Where the chart stands in the picture, in pixels; its axes' and lines' labels included. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Room for the title and the labels of the two axes and of the lines. */
const MARGIN = { top: 34, right: 124, bottom: 44, left: 62 };
const LINE_HEIGHT = 15;
/** Straight parts need no more. */
const MAX_POINTS = 64;

/** Lines over 1, 2, 3, …, from a y axis that starts at 0, each with its name and its last value at its end: an SVG group. */
export function lineChart({ title, xTitle, kind, format, lines }: Chart, box: Box): string {
  const [left, right] = [box.left + MARGIN.left, box.left + box.width - MARGIN.right];
  const [top, bottom] = [box.top + MARGIN.top, box.top + box.height - MARGIN.bottom];
  const count = Math.max(...lines.map(({ values }) => values.length), 1);
  const most = Math.max(...lines.flatMap(({ values }) => values), 0);
  const unit = unitFor(most, kind);
  const rows = ticks(most / unit.size, 4);
  const columns = ticks(count, 4).filter((tick) => tick <= count);
  const x = (value: number) => round(left + ((right - left) * value) / count);
  const y = (value: number) => round(bottom - ((bottom - top) * value) / (unit.size * (rows.at(-1) || 1)));

  const grid = rows.map((tick) => {
    const at = y(tick * unit.size);
    const label = tick === 0 ? '0' : `${tick} ${unit.name}`;
    return `<path class="grid" d="M${left} ${at}H${right}"/>${text(left - 8, at + 4, label, 'end')}`;
  });
  const scale = columns.map((tick) => {
    return `<path class="axis" d="M${x(tick)} ${bottom}v5"/>${text(x(tick), bottom + 19, String(tick), 'middle')}`;
  });
  const ends = lines.map(({ values }) => y(values.at(-1) ?? 0));
  const places = spread(ends, LINE_HEIGHT, top, bottom);
  const drawn = lines.map(({ label, style, values }, index) => {
    const path = sampled(values)
      .map(([at, value]) => `${x(at)} ${y(value)}`)
      .join('L');
    const name = text(right + 8, (places[index] ?? 0) + 4, `${label} ${format(values.at(-1) ?? 0)}`, 'start', style);
    return `<path class="line ${style}" d="M${path}"/>${name}`;
  });
  return [
    '<g>',
    text(left, box.top + 16, title, 'start', 'title'),
    ...grid,
    `<path class="axis" d="M${left} ${bottom}H${right}"/>`,
    ...scale,
    text((left + right) / 2, bottom + 37, xTitle, 'middle'),
    ...drawn,
    '</g>',
  ].join('\n');
}

export function text(
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end',
  style = 'label',
): string {
  return `<text class="${style}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeText(content)}</text>`;
}

export function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The first value, the last, and evenly some between: pairs of x and value. */
function sampled(values: readonly number[]): [number, number][] {
  const stride = Math.ceil(values.length / MAX_POINTS);
  return values.flatMap((value, index): [number, number][] => {
    return index % stride === 0 || index === values.length - 1 ? [[index + 1, value]] : [];
  });
}

/** To a tenth of a pixel. */
function round(value: number): number {
  return Number(value.toFixed(1));
}
