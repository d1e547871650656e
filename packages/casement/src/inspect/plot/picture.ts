import { escapeText, text } from './lineChart.ts';

export interface Picture {
  readonly title: string;
  /** Stands under the title. */
  readonly note: string;
  readonly width: number;
  readonly height: number;
  /** Style sheets of what is drawn, on light and on dark ground. */
  readonly light: string;
  readonly dark: string;
}

/** Room for the title and the note. */
export const HEAD = 56;

/** An SVG file that follows the reader's light or dark theme. */
export function picture({ title, note, width, height, light, dark }: Picture, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(title)}">`,
    `<title>${escapeText(title)}</title>`,
    `<style>
  svg { color-scheme: light dark; }
  .sheet { fill: #ffffff; }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #57606a; }
  .title { font-weight: 600; font-size: 14px; fill: #1f2328; }${light}
  @media (prefers-color-scheme: dark) {
    .sheet { fill: #0d1117; }
    text { fill: #9198a1; }
    .title { fill: #f0f6fc; }${dark}
  }
</style>`,
    `<rect class="sheet" width="${width}" height="${height}"/>`,
    text(20, 26, title, 'start', 'title'),
    text(20, 46, note, 'start'),
    ...content,
    '</svg>\n',
  ].join('\n');
}
