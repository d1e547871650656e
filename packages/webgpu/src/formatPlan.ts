import type { Plan } from '@casement/runtime';

/** Long enough for a dispatch. */
const LINE = 400;

/** JSON in which whatever fits a line stands on one, so that a change in a dispatch is one line of a diff. */
export function formatPlan(plan: Plan): string {
  return `${format(plan, '')}\n`;
}

function format(value: unknown, margin: string): string {
  const line = JSON.stringify(value);
  if (line.length <= LINE || typeof value !== 'object' || value === null) return line;
  const inner = `${margin}  `;
  const list = Array.isArray(value);
  const parts = list
    ? value.map((item) => inner + format(item, inner))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${format(item, inner)}`);
  return `${list ? '[' : '{'}\n${parts.join(',\n')}\n${margin}${list ? ']' : '}'}`;
}
