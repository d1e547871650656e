/** A line over frames; `values[i]` belongs to frame i + 1. */
export interface Line {
  readonly name: string;
  /** Of the style sheet: gives the colour. */
  readonly className: string;
  readonly values: readonly number[];
}

export interface PlotOptions {
  readonly title: string;
  readonly format: (value: number) => string;
  /** Where the axis ends, a fourth of which is a round number: not below the largest value. */
  readonly top: (value: number) => number;
}

const NS = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [480, 220];
const EDGE = { left: 58, right: 8, top: 8, bottom: 26 };
/** Frames that the axis shows at least. */
const FRAMES = 20;

/** A plot of lines over frames, drawn anew by each call of the returned function. */
export function createPlot(
  parent: HTMLElement,
  { title, format, top: topOf }: PlotOptions,
): (lines: readonly Line[]) => void {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  const svg = element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' });
  const legend = document.createElement('ul');
  legend.className = 'legend';
  caption.textContent = title;
  figure.append(caption, svg, legend);
  parent.append(figure);
  return (lines) => {
    const frames = Math.max(FRAMES, ...lines.map(({ values }) => values.length));
    const top = topOf(Math.max(0, ...lines.flatMap(({ values }) => values)));
    const x = (frame: number) => EDGE.left + ((frame - 1) / (frames - 1)) * (WIDTH - EDGE.left - EDGE.right);
    const y = (value: number) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
    const shown = lines.filter(({ values }) => values.length > 0);
    svg.replaceChildren(
      ...[0, 1, 2, 3, 4].flatMap((step) => tick(y((top * step) / 4), format((top * step) / 4))),
      ...frameTicks(frames).map((frame) => text(x(frame), HEIGHT - 8, String(frame), 'middle')),
      text(EDGE.left - 6, HEIGHT - 8, 'frame', 'end'),
      ...shown.flatMap((line) => draw(line, x, y)),
    );
    const summary = shown.map(({ name, values }) => `${name} ${format(values.at(-1) ?? 0)} at frame ${values.length}`);
    svg.setAttribute('aria-label', `${title}: ${summary.join('; ') || 'nothing yet'}`);
    legend.replaceChildren(
      ...shown.map(({ name, className, values }) => legendItem(name, className, format(values.at(-1) ?? 0))),
    );
  };
}

function draw({ className, values }: Line, x: (frame: number) => number, y: (value: number) => number): SVGElement[] {
  const points = values.map((value, i) => `${x(i + 1).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const [cx, cy] = [x(values.length), y(values.at(-1) ?? 0)];
  return [
    element('polyline', { class: `line ${className}`, points }),
    element('circle', { class: `dot ${className}`, cx, cy, r: 4 }),
  ];
}

function tick(y: number, label: string): SVGElement[] {
  const line = element('line', { class: 'grid', x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y });
  return [line, text(EDGE.left - 6, y + 4, label, 'end')];
}

function text(x: number, y: number, content: string, anchor: 'middle' | 'end'): SVGElement {
  const label = element('text', { x, y, 'text-anchor': anchor });
  label.textContent = content;
  return label;
}

function legendItem(name: string, className: string, value: string): HTMLElement {
  const item = document.createElement('li');
  const mark = document.createElement('span');
  mark.className = `mark ${className}`;
  const number = document.createElement('b');
  number.textContent = value;
  item.append(mark, `${name} `, number);
  return item;
}

/** About five, in round steps. */
function frameTicks(frames: number): number[] {
  const power = 10 ** Math.floor(Math.log10(frames / 5));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= frames / 5) ?? 10) * power;
  return Array.from({ length: Math.floor(frames / step) }, (_, i) => (i + 1) * step);
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made as SVGElement; // the namespace is SVG's
}
