import { reasonOf, WeightError } from './error.ts';

/** One line of a rename table. */
export interface RenameRule {
  /** A regular expression, searched anywhere in the name (anchor it with ^ and $). Python's `(?P<name>…)` works too. */
  readonly from: string;
  /** What each match becomes. Groups as in JavaScript (`$1`, `$<name>`) or as in Python (`\1`, `\g<name>`). */
  readonly to: string;
}

/** The outcome of a table for all names of a checkpoint. */
export interface Renamed {
  /** Checkpoint name → model name, every name once on either side. */
  readonly names: ReadonlyMap<string, string>;
  /** Rules that changed no name: likely a typing error. */
  readonly unusedRules: readonly RenameRule[];
}

export interface RenameTable {
  readonly rules: readonly RenameRule[];
  rename(name: string): string;
  /** @throws WeightError when two tensors would get one name, naming both */
  apply(names: Iterable<string>): Renamed;
}

/**
 * Builds a table that turns checkpoint names into model names. Every rule is applied, in order, to what the rules
 * before it made of the name, and replaces all its matches: as `sed` does, and as transformers does since version 5
 * with `key_mapping` (version 4 stopped at the first rule that matched).
 *
 * @throws WeightError naming the rule that is no regular expression or refers to a group it does not have
 */
export function renameTable(rules: readonly RenameRule[]): RenameTable {
  const compiled = rules.map(compileRule);
  const rename = (name: string) => compiled.reduce((text, rule) => text.replace(rule.pattern, rule.replacement), name);

  const apply = (names: Iterable<string>): Renamed => {
    const origins = new Map<string, string>();
    const renamed = new Map<string, string>();
    const used = new Set<RenameRule>();
    for (const name of names) {
      let text = name;
      for (const { rule, pattern, replacement } of compiled) {
        const next = text.replace(pattern, replacement);
        if (next !== text) used.add(rule);
        text = next;
      }
      const other = origins.get(text);
      if (other !== undefined) {
        throw new WeightError(
          `The rename table maps two tensors to "${text}": "${other}" and "${name}". Make a rule more specific (anchors ^ and $).`,
        );
      }
      origins.set(text, name);
      renamed.set(name, text);
    }
    return { names: renamed, unusedRules: rules.filter((rule) => !used.has(rule)) };
  };

  return { rules, rename, apply };
}

/**
 * Reads a table from JSON: `[{ "from": "^language_model\\.", "to": "model." }, …]`.
 *
 * @param file for error texts
 * @throws WeightError naming the file and the rule
 */
export function parseRenameTable(json: string, file: string): RenameTable {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new WeightError(`${file} is not valid JSON: ${reasonOf(error)}`, { cause: error });
  }
  if (!Array.isArray(value)) {
    throw new WeightError(
      `${file} is not a rename table: expected a list [{ "from": "regular expression", "to": "…" }, …].`,
    );
  }
  const rules = value.map((rule, index) => readRule(rule, `${file}: rule ${index + 1}`));
  try {
    return renameTable(rules);
  } catch (error) {
    throw new WeightError(`${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function readRule(value: unknown, where: string): RenameRule {
  if (typeof value !== 'object' || value === null) throw new WeightError(`${where} is not an object with from and to.`);
  const extra = Object.keys(value).find((key) => key !== 'from' && key !== 'to');
  if (extra !== undefined) throw new WeightError(`${where} has an unknown key "${extra}"; a rule has from and to.`);
  const { from, to } = value as Partial<Record<'from' | 'to', unknown>>; // no other key is there
  if (typeof from !== 'string') throw new WeightError(`${where} lacks "from", a regular expression as a string.`);
  if (typeof to !== 'string') throw new WeightError(`${where} lacks "to", the replacement as a string.`);
  return { from, to };
}

interface CompiledRule {
  readonly rule: RenameRule;
  readonly pattern: RegExp;
  readonly replacement: string;
}

function compileRule(rule: RenameRule, index: number): CompiledRule {
  const fail = (problem: string): never => {
    throw new WeightError(`rule ${index + 1} (${JSON.stringify(rule)}): ${problem}`);
  };
  const source = rule.from.replaceAll('(?P<', '(?<');
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, 'g');
  } catch (error) {
    return fail(`"from" is no regular expression: ${reasonOf(error)}`);
  }
  const replacement = rule.to.replace(/\\(\d{1,2})/g, '$$$1').replace(/\\g<(\w+)>/g, toGroup);
  // Matching nothing tells how many groups there are: an alternative that is empty always matches.
  const groups = new RegExp(`${source}|`).exec('');
  const numbered = (groups?.length ?? 1) - 1;
  const named = Object.keys(groups?.groups ?? {});
  for (const [, number, name] of replacement.matchAll(/\$(?:(\d{1,2})|<(\w+)>)/g)) {
    if (number !== undefined && (Number(number) > numbered || Number(number) === 0)) {
      return fail(`"to" refers to group ${number}, "from" has ${numbered}.`);
    }
    if (name !== undefined && !named.includes(name)) {
      return fail(`"to" refers to group <${name}>, which "from" does not have.`);
    }
  }
  return { rule, pattern, replacement };
}

/** Python's `\g<…>` takes a number or a name. */
function toGroup(_: string, group: string): string {
  if (group === '0') return '$&';
  return /^\d+$/.test(group) ? `$${group}` : `$<${group}>`;
}
