import { ConfigError } from 'casement';

/** Reads a field: adds to `problems` what is wrong with it. */
type Reader<T> = (value: unknown, path: string, problems: string[]) => T;
type Schema = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Schema> = { readonly [K in keyof S]: S[K] extends Reader<infer T> ? T : never };

function reader<T>(wanted: string, fits: (value: unknown) => boolean): Reader<T> {
  return (value, path, problems) => {
    if (value === undefined) problems.push(`${path}: is missing; it must be ${wanted}`);
    else if (!fits(value)) problems.push(`${path}: must be ${wanted}, not ${JSON.stringify(value)}`);
    return value as T; // not used when there are problems
  };
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** A whole number above 0. */
export const size = reader<number>('a whole number above 0', (value) => isWhole(value) && value > 0);
/** A whole number, 0 or more: an index, a token id, a number of things that there may be none of. */
export const index = reader<number>('a whole number, 0 or more', (value) => isWhole(value) && value >= 0);
/** A number, 0 or more, such as an eps. */
export const number = reader<number>('a number, 0 or more', (value) => Number.isFinite(value) && Number(value) >= 0);

/** One of these values: what the model implements. */
export function only<const T extends string | boolean | null>(...values: readonly T[]): Reader<T> {
  const list = values.map((value) => JSON.stringify(value)).join(' or ');
  return reader<T>(list, (value) => values.some((known) => known === value));
}

/** A field that must not be there (or be null), since what it asks for is not implemented. */
export function absent(reason: string): Reader<null> {
  return (value, path, problems) => {
    if (value !== undefined && value !== null) problems.push(`${path}: ${reason}`);
    return null;
  };
}

/** A list of at least one. */
export function listOf<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value) || value.length === 0) {
      problems.push(`${path}: ${value === undefined ? 'is missing' : 'must be a list of at least one'}`);
      return [];
    }
    return value.map((one: unknown, i) => item(one, `${path}[${i}]`, problems));
  };
}

/** An object with these fields; others are ignored. */
export function fields<S extends Schema>(schema: S): Reader<Read<S>> {
  return (value, path, problems) => {
    const given: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    const read = Object.entries(schema).map(([name, field]) => [name, field(given[name], at(name), problems)]);
    return Object.fromEntries(read) as Read<S>; // each field was read by its reader
  };
}

/**
 * The fields of a `config.json` that a schema names. `check` says what else must hold: lines such as `heads: …`. Throws
 * ConfigError with every field that is wrong.
 */
export function readConfig<S extends Schema>(
  config: unknown,
  schema: S,
  check: (config: Read<S>) => readonly (string | false)[] = () => [],
): Read<S> {
  const problems: string[] = [];
  const read = fields(schema)(config, '', problems);
  const all = problems.length > 0 ? problems : check(read).filter((line) => line !== false);
  if (all.length > 0) throw new ConfigError(all);
  return read;
}
