/** Where objects stand in a request: the body, its messages, their parts, a part's picture. */
const DEPTH = 6;

/** Leaves out fields that are null: OpenAI takes null for a field that is not given, and clients send it. */
export function withoutNulls(value: unknown, depth = DEPTH): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, depth - 1));
  const given = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(given.map(([key, field]) => [key, withoutNulls(field, depth - 1)]));
}
