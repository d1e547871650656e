import { WeightError } from './error.ts';
import type { MatchReport, MissingParam, Suggestion, UnfitParam } from './matchParams.ts';
import { namePatterns } from './namePatterns.ts';
import { suggestRules } from './suggestRules.ts';

/** A section lists at most this many patterns; the rest is counted. */
const MAX_PATTERNS = 20;

/**
 * The report as text for a person: one line per pattern of names (`model.layers.{0..27}.…`), with counts, shapes, the
 * nearest names and, where one helps, a draft of a rename table.
 */
export function formatReport(report: MatchReport): string {
  const { matched, missing, leftOver, misshaped, mistyped, unusedRules } = report;
  const wanted = matched.length + missing.length + misshaped.length + mistyped.length;
  const sections = [
    [`${report.origin}: ${matched.length} of ${wanted} parameters matched.`],
    section(
      'Missing',
      missing,
      (item) => item.name,
      (item) => shapeText(item.expected),
      missingNotes,
    ),
    section('Wrong shape', misshaped, (item) => item.name, unfitText, whereNotes),
    section('Wrong element type', mistyped, (item) => item.name, unfitText, whereNotes),
    section(
      'Left over',
      leftOver,
      (item) => item.tensor.name,
      ({ tensor }) => `${tensor.storedDtype} [${tensor.shape.join(', ')}]`,
      (items) => renamedNotes(items.map(({ tensor, renamed }) => ({ tensor: tensor.name, renamed }))),
    ),
    unusedRules.length > 0
      ? ['Rename rules that changed nothing:', ...unusedRules.map((rule) => `  ${JSON.stringify(rule)}`)]
      : [],
    draftLines(report),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/**
 * Passes a report in which every parameter found its tensor.
 *
 * @param options.allowLeftOver accept tensors that no parameter wants
 * @throws WeightError with the formatted report
 */
export function requireComplete(report: MatchReport, options: { readonly allowLeftOver: boolean }): void {
  const unmet = report.missing.length + report.misshaped.length + report.mistyped.length;
  if (unmet === 0 && (report.leftOver.length === 0 || options.allowLeftOver)) return;
  const remedy = unmet === 0 ? '\n\nIf the model should do without them, accept them: --allow-extra.' : '';
  throw new WeightError(`The checkpoint does not fit the model.\n${formatReport(report)}${remedy}`);
}

function section<T>(
  title: string,
  items: readonly T[],
  nameOf: (item: T) => string,
  detailOf: (item: T) => string,
  notesOf: (items: readonly T[]) => readonly string[],
): string[] {
  if (items.length === 0) return [];
  const patterns = namePatterns(items, nameOf, detailOf);
  const lines = patterns.slice(0, MAX_PATTERNS).flatMap(({ text, items: group }) => {
    const count = group.length > 1 ? `  (${group.length} tensors)` : '';
    const detail = group[0] === undefined ? '' : detailOf(group[0]);
    return [`  ${text}  ${detail}${count}`, ...notesOf(group).map((note) => `      ${note}`)];
  });
  const rest = patterns.slice(MAX_PATTERNS);
  if (rest.length > 0) {
    const count = rest.reduce((sum, { items: group }) => sum + group.length, 0);
    lines.push(`  … and ${count} more in ${rest.length} patterns`);
  }
  return [`${title} (${items.length}):`, ...lines];
}

function missingNotes(group: readonly MissingParam[]): string[] {
  const free = suggestionText(group, false);
  const taken = suggestionText(group, true);
  const nearest = [...free, ...taken.map((name) => `${name} (taken)`)].slice(0, 3);
  const hint = nearest.length > 0 ? `did you mean ${nearest.join(', ')}?` : 'the checkpoint has no similar name';
  return [hint, ...whereNotes(group)];
}

function suggestionText(group: readonly MissingParam[], taken: boolean): string[] {
  const unique = new Map<string, Suggestion>();
  for (const { suggestions } of group) {
    for (const suggestion of suggestions) if (suggestion.taken === taken) unique.set(suggestion.tensor, suggestion);
  }
  return namePatterns(
    [...unique.values()],
    ({ tensor }) => tensor,
    () => '',
  ).map(({ text }) => text);
}

function renamedNotes(group: readonly { readonly tensor: string; readonly renamed: string }[]): string[] {
  const changed = group.filter(({ tensor, renamed }) => tensor !== renamed);
  return namePatterns(
    changed,
    ({ renamed }) => renamed,
    () => '',
  ).map(({ text }) => `renamed to ${text}`);
}

function whereNotes(group: readonly (MissingParam | UnfitParam)[]): string[] {
  const where = group.find(({ expected }) => expected.where !== undefined)?.expected.where;
  return where === undefined ? [] : [`wanted at ${where}`];
}

function unfitText({ expected, tensor, transposed }: UnfitParam): string {
  const actual = `${tensor.storedDtype} [${tensor.shape.join(', ')}]`;
  return `expected ${shapeText(expected)}, the checkpoint has ${actual}${transposed ? ', the transpose' : ''}`;
}

function shapeText({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${dtype} [${shape.join(', ')}]`;
}

function draftLines(report: MatchReport): string[] {
  const draft = suggestRules(report);
  if (draft === undefined) return [];
  const rules = draft.rules.map((rule) => `  ${JSON.stringify(rule)}`).join(',\n');
  const share = `${draft.resolves} of the ${report.missing.length} missing`;
  return [
    `A draft of rename rules, to append to those in use, that would match ${share} (check it, names can mislead):`,
    `[\n${rules}\n]`,
  ];
}
