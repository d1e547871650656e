import { text } from '../plot/lineChart.ts';

const ARROWS = ['flow', 'residual', 'state'] as const;

/** What colours mean, in the order in which it stands. */
const MEANINGS = [
  ['input', 'input, output', 'box'],
  ['block', 'block', 'box'],
  ['nodes', 'op', 'box'],
  ['state', 'state', 'box'],
  ['residual', 'residual', 'arrow'],
] as const;

/** The row below the picture that explains the kinds in it, and the arrowheads; `y` is its middle. */
export function legend(kinds: ReadonlySet<string>, y: number): { readonly width: number; readonly content: string } {
  let x = 20;
  const entries = MEANINGS.filter(([kind]) => kinds.has(kind)).map(([kind, meaning, shape]) => {
    const [left, width] = [x, 28 + meaning.length * 7.4 + 16];
    x += width;
    const sign =
      shape === 'box'
        ? `<rect class="${kind}" x="${left}" y="${y - 7}" width="20" height="14" rx="4"/>`
        : `<path class="arrow ${kind}-arrow" d="M${left} ${y}h14" marker-end="url(#${kind}-end)"/>`;
    return sign + text(left + 28, y + 4, meaning, 'start', 'label');
  });
  const heads = ARROWS.map((kind) => {
    return `<marker id="${kind}-end" viewBox="0 0 10 10" refX="9" refY="5" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" orient="auto-start-reverse"><path class="${kind}-head" d="M0 0L10 5L0 10z"/></marker>`;
  });
  const params = text(x, y + 4, 'params', 'start', 'param');
  return { width: x + 64, content: [`<defs>${heads.join('')}</defs>`, ...entries, params].join('\n') };
}
