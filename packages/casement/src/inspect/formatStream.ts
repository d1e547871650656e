import { formatBytes, formatTable } from '../format.ts';
import { FUSION_NAMES, type FusionStream } from './compareFusions.ts';
import type { Inspection } from './inspectModel.ts';
import type { FrameCost } from './streamCosts.ts';
import { withPrefix } from './units.ts';

const INDENT = '           ';

/** The table of a stream: a row for frame 1, 2, 4, … and the last; for each measure a column per fusion. */
export function formatStream({ stream, dtype, dims }: Inspection): string[] {
  if (stream === undefined) return [];
  const { frames, imageTokens, textTokens, fusions } = stream;
  const shown = Array.from({ length: frames }, (_, index) => index + 1).filter(
    (frame) => Number.isInteger(Math.log2(frame)) || frame === frames,
  );
  const blocks = [
    ['', 'frame', ...shown.map(String)],
    measure('FLOP per frame', fusions, shown, ({ flops }) => withPrefix(flops)),
    measure('bytes read per frame', fusions, shown, ({ bytesRead }) => formatBytes(bytesRead)),
    measure('caches after the frame', fusions, shown, ({ cacheBytes }) => formatBytes(cacheBytes)),
  ];
  const rows = ['', 'frame', ...shown].map((_, row) => {
    return blocks.map((lines, block) => `${block === 0 ? INDENT : ' '}${lines[row]}`);
  });
  return [
    `stream   ${frames} frames of ${imageTokens} image tokens and ${textTokens} text tokens, one by one, ${dtype}`,
    formatTable(rows),
    ...capacityNote(fusions, dims.past?.max),
  ];
}

/** Title, names of the fusions, and a row for each shown frame: lines of equal meaning in all measures. */
function measure(
  title: string,
  fusions: readonly FusionStream[],
  shown: readonly number[],
  format: (cost: FrameCost) => string,
): string[] {
  const rows = shown.map((frame) =>
    fusions.map(({ frames }) =>
      frames
        .slice(frame - 1, frame)
        .map(format)
        .join(''),
    ),
  );
  return [title, ...formatTable([fusions.map(({ fusion }) => FUSION_NAMES[fusion]), ...rows]).split('\n')];
}

/** When the text cache would be full: the tables go on as if it were larger. */
function capacityNote(fusions: readonly FusionStream[], capacity = Number.POSITIVE_INFINITY): string[] {
  const full = fusions.flatMap(({ fusion, frames }) => {
    const over = frames.find(({ textLength }) => textLength > capacity);
    return over ? [`in frame ${over.frame} with ${FUSION_NAMES[fusion]}`] : [];
  });
  if (full.length === 0) return [];
  return [`${INDENT}A text cache of ${capacity} positions overflows ${full.join(', ')}.`];
}
