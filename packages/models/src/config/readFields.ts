import type { z } from 'zod';

/** The fields that `schema` knows, or what is wrong with them, one line per field. `path` is where `value` stands. */
export function readFields<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: string,
): { readonly data?: z.infer<S>; readonly problems: readonly string[] } {
  const error = ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : undefined);
  const parsed = schema.safeParse(value, { error });
  if (parsed.success) return { data: parsed.data, problems: [] };
  const problems = parsed.error.issues.map((issue) => {
    const field = [path, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    return field === '' ? issue.message : `${field}: ${issue.message}`;
  });
  return { problems };
}
