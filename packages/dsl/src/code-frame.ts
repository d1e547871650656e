import { readFileSync } from 'node:fs';
import type { Place } from '@casement/ir';

/** The line of a place between its neighbours, a caret under the column; nothing when the file cannot be read. */
export function codeFrame({ file, line, column }: Place): string[] {
  const lines = linesOf(file);
  if (line > lines.length) return [];
  const from = Math.max(line - 1, 1);
  const width = String(line + 1).length;
  const frame = lines.slice(from - 1, line + 1).flatMap((text, i) => {
    const number = from + i;
    const shown = `${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd();
    // Tabs stay tabs, so that the caret lines up however wide they are shown.
    const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
    return number === line ? [shown, `  ${' '.repeat(width)} | ${indent}^`] : [shown];
  });
  return ['', ...frame];
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return []; // a place in a file that is not there (bundled, evaluated) has no frame
  }
}
