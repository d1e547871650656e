import { indent } from '../wgsl/coordinates.ts';
import type { RowPart } from './projectedRows.ts';

/** One branch for each part, by unit `i`; in it, `unit` counts from the part's first one. */
export function byPart(parts: readonly RowPart[], lines: (part: RowPart) => readonly string[]): string[] {
  if (parts.length === 1) return parts.flatMap((part) => ['{', indent(['let unit = i;', ...lines(part)]), '}']);
  let start = 0;
  return parts.flatMap((part, index) => {
    const from = start;
    start += part.units;
    const condition = index === parts.length - 1 ? '{' : `if (i < ${start}u) {`;
    const body = indent([`let unit = i${from > 0 ? ` - ${from}u` : ''};`, ...lines(part)]);
    return [`${index > 0 ? '} else ' : ''}${condition}`, body, ...(index === parts.length - 1 ? ['}'] : [])];
  });
}
