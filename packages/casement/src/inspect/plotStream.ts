import { formatBytes } from '../format.ts';
import { FUSION_NAMES } from './compareFusions.ts';
import type { Inspection } from './inspectModel.ts';
import { type Chart, lineChart } from './plot/lineChart.ts';
import { HEAD, picture } from './plot/picture.ts';
import type { FrameCost } from './streamCosts.ts';
import { withPrefix } from './units.ts';

const [WIDTH, HEIGHT] = [1180, 380];

/** Dashes tell lines apart that lie on each other, also without colours. */
const LIGHT = `
  .grid { stroke: #d8dee4; fill: none; }
  .axis { stroke: #8c959f; fill: none; }
  .line { stroke-width: 2.5; fill: none; stroke-linejoin: round; }
  .insertion { stroke: #bc4c00; } text.insertion { stroke: none; fill: #bc4c00; }
  .casa { stroke: #0969da; } text.casa { stroke: none; fill: #0969da; }
  .ca { stroke: #1a7f37; stroke-dasharray: 7 5; } text.ca { stroke: none; fill: #1a7f37; }`;

const DARK = `
    .grid { stroke: #2a313c; }
    .axis { stroke: #656c76; }
    .insertion { stroke: #f0883e; } text.insertion { fill: #f0883e; }
    .casa { stroke: #58a6ff; } text.casa { fill: #58a6ff; }
    .ca { stroke: #3fb950; } text.ca { fill: #3fb950; }`;

/** The stream as an SVG picture: FLOPs, bytes read and caches against frames. Undefined without a stream. */
export function plotStream({ name, dtype, stream }: Inspection): string | undefined {
  if (stream === undefined) return undefined;
  const chart = (title: string, kind: Chart['kind'], measure: (cost: FrameCost) => number): Chart => ({
    title,
    kind,
    format: kind === 'bytes' ? formatBytes : withPrefix,
    xTitle: 'frame',
    // CA comes last: its dashes let CASA show where both are the same.
    lines: stream.fusions.toReversed().map(({ fusion, frames }) => ({
      label: FUSION_NAMES[fusion],
      style: fusion,
      values: frames.map(measure),
    })),
  });
  const charts = [
    chart('FLOP per frame', 'decimal', ({ flops }) => flops),
    chart('Bytes read per frame', 'bytes', ({ bytesRead }) => bytesRead),
    chart('Keys and values held', 'bytes', ({ cacheBytes }) => cacheBytes),
  ];
  const title = `${name}, ${dtype}: ${stream.frames} frames of ${stream.imageTokens} image and ${stream.textTokens} text tokens`;
  const note = 'The decoder’s part; encoding the image costs the same with each. Text is generated token by token.';
  const width = WIDTH / charts.length;
  const panels = charts.map((panel, index) => {
    return lineChart(panel, { left: index * width, top: HEAD, width, height: HEIGHT - HEAD });
  });
  return picture({ title, note, width: WIDTH, height: HEIGHT, light: LIGHT, dark: DARK }, panels);
}
