import { formatBytes } from './format.ts';

const WIDTH = 24;
const REDRAW_MS = 100;

export interface ProgressBar {
  update(done: number, total: number): void;
  /** Removes the bar, so that what is printed next stands in its place. */
  finish(): void;
}

/** A bar with bytes and bytes per second on stderr; silent where stderr is no terminal. */
export function progressBar(label: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const start = performance.now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update(done, total) {
      const now = performance.now();
      if (!stream.isTTY || (now - drawn < REDRAW_MS && done < total)) return;
      drawn = now;
      const filled = total === 0 ? WIDTH : Math.floor((WIDTH * done) / total);
      const rate = formatBytes((done / Math.max(now - start, 1)) * 1000);
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
      stream.write(`\r\x1b[K${label} ${bar} ${formatBytes(done)} of ${formatBytes(total)}, ${rate}/s`);
    },
    finish() {
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
