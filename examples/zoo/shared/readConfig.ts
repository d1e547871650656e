import { ConfigError } from 'casement';

/** What a field of a config.json must be. */
export interface Kind<T> {
  /** Goes on after "must be". */
  readonly wanted: string;
  is(value: unknown): value is T;
}

type Kinds = Readonly<Record<string, Kind<unknown>>>;
type Fields<K extends Kinds> = { readonly [F in keyof K]: K[F] extends Kind<infer T> ? T : never };

/**
 * The fields of a config.json that a model reads; others are left alone. `path` names the object in it that has them.
 * Throws ConfigError naming every field that is missing or something else.
 */
export function readConfig<const K extends Kinds>(config: unknown, kinds: K, path?: string): Fields<K> {
  const outer = new Map(isObject(config) ? Object.entries(config) : []);
  const found: unknown = path === undefined ? config : outer.get(path);
  if (!isObject(found)) throw new ConfigError([`${path ?? 'all of it'}: must be an object`]);
  const fields = new Map<string, unknown>(Object.entries(found));
  const problems = Object.entries(kinds).flatMap(([name, kind]) => {
    const value = fields.get(name);
    if (kind.is(value)) return [];
    const problem = value === undefined ? 'is missing; it' : `is ${JSON.stringify(value)}, but`;
    return [`${path === undefined ? '' : `${path}.`}${name}: ${problem} must be ${kind.wanted}`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  // Each of them is what its kind says.
  return Object.fromEntries(Object.keys(kinds).map((name) => [name, fields.get(name)])) as Fields<K>;
}

/** Throws ConfigError with `problem`, such as `hidden_size: is no multiple of num_attention_heads`, unless `holds`. */
export function requireConfig(holds: boolean, problem: string): void {
  if (!holds) throw new ConfigError([problem]);
}

/** A number of elements. */
export const size: Kind<number> = { wanted: 'a whole number above 0', is: isSize };

/** A number of layers, or an index. */
export const count: Kind<number> = { wanted: 'a whole number, 0 or more', is: isCount };

/** Such as an eps. */
export const positive: Kind<number> = {
  wanted: 'a number above 0',
  is: (value): value is number => typeof value === 'number' && value > 0,
};

export const sizes: Kind<readonly number[]> = {
  wanted: 'a list of whole numbers above 0',
  is: (value): value is readonly number[] => Array.isArray(value) && value.every(isSize),
};

/** Indices of layers. */
export const indices: Kind<readonly number[]> = {
  wanted: 'a list of whole numbers, 0 or more',
  is: (value): value is readonly number[] => Array.isArray(value) && value.every(isCount),
};

/** One of these, since nothing else is implemented. */
export function oneOf<const T extends string | boolean>(...values: readonly T[]): Kind<T> {
  return {
    wanted: values.map((value) => JSON.stringify(value)).join(' or '),
    is: (value): value is T => values.some((one) => one === value),
  };
}

function isSize(value: unknown): value is number {
  return isCount(value) && value > 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
