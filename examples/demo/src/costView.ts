import { element } from './element.ts';
import { formatBytes, formatTime, topBytes, topTime } from './format.ts';
import type { Cost } from './messages.ts';
import { createPlot } from './plot.ts';

const NAMES = { casa: 'CASA', insertion: 'Token insertion' } as const;
type ModelName = keyof typeof NAMES;

/** Frames that plots and table hold; a page may stay open for a day. */
const KEPT = 500;

/** What frames cost, of both models: two plots, and all numbers in a table. */
export function costView() {
  const plots = element('plots', HTMLDivElement);
  const rows = element('numbers', HTMLTableSectionElement);
  const time = createPlot(plots, { title: 'Time per frame', format: formatTime, top: topTime });
  const cache = createPlot(plots, { title: 'Cache held', format: formatBytes, top: topBytes });
  const costs: Record<ModelName, Cost[]> = { casa: [], insertion: [] };
  const names = ['casa', 'insertion'] as const;
  const lines = (of: string, pick: (cost: Cost) => number) =>
    names.map((name) => ({ name: NAMES[name] + of, className: name, values: costs[name].map(pick) }));
  const draw = (current: ModelName) => {
    time(lines('', ({ milliseconds }) => milliseconds));
    const text = costs[current].map(({ textBytes }) => textBytes);
    cache([
      ...lines(', images', ({ imageBytes }) => imageBytes),
      { name: 'Either, text', className: 'text', values: text },
    ]);
  };
  return {
    clear(name: ModelName) {
      costs[name] = [];
      for (const row of rows.querySelectorAll(`tr.${name}`)) row.remove();
      draw(name);
    },
    add(name: ModelName, cost: Cost) {
      if (costs[name].length >= KEPT) return;
      costs[name].push(cost);
      rows.append(row(name, costs[name].length, cost));
      draw(name);
    },
  };
}

function row(name: ModelName, frame: number, { milliseconds, imageBytes, textBytes }: Cost): HTMLTableRowElement {
  const made = document.createElement('tr');
  made.className = name;
  for (const value of [NAMES[name], frame, milliseconds.toFixed(1), imageBytes, textBytes]) {
    made.insertCell().textContent = String(value);
  }
  return made;
}
