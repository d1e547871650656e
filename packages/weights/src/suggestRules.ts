import type { MatchReport } from './matchParams.ts';
import { isNumber, segments } from './namePatterns.ts';
import { type RenameRule, renameTable } from './renameTable.ts';

/** A draft of rename rules, to be appended to those in use. */
export interface RuleDraft {
  readonly rules: readonly RenameRule[];
  /** How many of the missing parameters it would match, with the right shape. */
  readonly resolves: number;
}

/** More rules than this are no help to a reader. */
const MAX_RULES = 12;

/**
 * Drafts rename rules from the names that are missing and those that are left over: each missing name is aligned with
 * the free name nearest to it, each place where they differ is a rule, and a rule stays only if the draft matches fewer
 * names without it, and only if it leaves the names alone that already fit. For a person to check: names cannot tell
 * which of two equal shapes is q and which is k.
 *
 * @returns undefined when nothing would be matched
 */
export function suggestRules(report: MatchReport): RuleDraft | undefined {
  const support = new Map<string, { rule: RenameRule; count: number }>();
  for (const { name, suggestions } of report.missing) {
    const nearest = suggestions.find(({ taken }) => !taken);
    if (nearest === undefined) continue;
    for (const rule of differences(segments(nearest.renamed), segments(name))) {
      const key = JSON.stringify(rule);
      const known = support.get(key) ?? { rule, count: 0 };
      known.count++;
      support.set(key, known);
    }
  }
  let rules = [...support.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_RULES)
    .map(({ rule }) => rule);
  let effect = effectOf(rules, report);
  for (const rule of rules.toReversed()) {
    const fewer = rules.filter((other) => other !== rule);
    const without = effectOf(fewer, report);
    if (without.resolved - without.broken >= effect.resolved - effect.broken) [rules, effect] = [fewer, without];
  }
  return effect.resolved > 0 && effect.broken === 0 ? { rules, resolves: effect.resolved } : undefined;
}

/** What rules would do: names they match, and names they take from where they belong or merge with another. */
function effectOf(rules: readonly RenameRule[], report: MatchReport): { resolved: number; broken: number } {
  const { rename } = renameTable(rules);
  const kept = [...report.matched, ...report.misshaped, ...report.mistyped].map(({ name }) => name);
  const moved = report.leftOver.map(({ tensor, renamed }) => ({ name: rename(renamed), shape: `${tensor.shape}` }));
  const wanted = new Map(report.missing.map(({ name, expected }) => [name, `${expected.shape}`]));
  const distinct = new Set([...kept, ...moved.map(({ name }) => name)]);
  const merged = kept.length + moved.length - distinct.size;
  return {
    resolved: moved.filter(({ name, shape }) => wanted.get(name) === shape).length,
    broken: kept.filter((name) => rename(name) !== name).length + merged,
  };
}

/** One rule per run of segments in which two names differ. Numbers must agree: another layer is no renaming. */
function differences(from: readonly string[], to: readonly string[]): RenameRule[] {
  const rules: RenameRule[] = [];
  for (const [i, j, iEnd, jEnd] of changedRuns(from, to)) {
    const old = from.slice(i, iEnd);
    const fresh = to.slice(j, jEnd);
    if ([...old, ...fresh].some(isNumber)) return [];
    rules.push(ruleFor(from[i - 1], old, fresh, from[iEnd]));
  }
  return rules;
}

/** A rule around its neighbours, so that it meets whole segments only. */
function ruleFor(
  before: string | undefined,
  old: readonly string[],
  fresh: readonly string[],
  after: string | undefined,
): RenameRule {
  if (old.length === 0) return insertionAfter(before, fresh.join('.'));
  const from = `${before === undefined ? '^' : '\\.'}${old.map(escapeText).join('\\.')}${after === undefined ? '$' : '\\.'}`;
  const left = before === undefined ? '' : '.';
  const right = after === undefined ? '' : '.';
  // A run that goes away takes one of its two dots along.
  return { from, to: fresh.length > 0 ? `${left}${fresh.join('.')}${right}` : left && right };
}

function insertionAfter(before: string | undefined, fresh: string): RenameRule {
  if (before === undefined) return { from: '^', to: `${fresh}.` };
  const anchor = isNumber(before) ? '\\d+' : escapeText(before);
  return { from: `(^|\\.)(${anchor})(?=\\.|$)`, to: `$1$2.${fresh}` };
}

function escapeText(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Runs [i, j, iEnd, jEnd] in which `a` and `b` differ, from their longest common subsequence. */
function changedRuns(a: readonly string[], b: readonly string[]): [number, number, number, number][] {
  const common = commonLengths(a, b);
  const length = (i: number, j: number) => common[i]?.[j] ?? 0;
  const runs: [number, number, number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [iStart, jStart] = [i, j];
    while ((i < a.length || j < b.length) && (a[i] !== b[j] || i >= a.length || j >= b.length)) {
      if (j >= b.length || (i < a.length && length(i + 1, j) >= length(i, j + 1))) i++;
      else j++;
    }
    if (i > iStart || j > jStart) runs.push([iStart, jStart, i, j]);
    i++;
    j++;
  }
  return runs;
}

/** Length of the longest common subsequence of every pair of suffixes. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    const [row = [], below = []] = [lengths[i], lengths[i + 1]];
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return lengths;
}
