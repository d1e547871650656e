import { type DType, isFloat } from '@casement/ir';
import { nameFinder } from './nearest.ts';
import type { RenameRule, RenameTable } from './renameTable.ts';
import type { StoredTensor, TensorInfo, TensorSource } from './source.ts';
import { readableDType } from './storedDType.ts';

/** A parameter the model wants. */
export interface ExpectedParam {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The place in the definition that asks for it, as `file:line:column`. */
  readonly where?: string;
}

export interface MatchedParam {
  /** The model's name. */
  readonly name: string;
  /** The tensor of the checkpoint; its own name may differ. */
  readonly tensor: TensorInfo;
}

/** A name of the checkpoint that resembles a missing one. */
export interface Suggestion {
  readonly tensor: string;
  /** What the rename table made of it. */
  readonly renamed: string;
  /** Whether another parameter already took it. */
  readonly taken: boolean;
}

export interface MissingParam {
  readonly name: string;
  readonly expected: ExpectedParam;
  /** At most three, nearest first, those still free before those taken. */
  readonly suggestions: readonly Suggestion[];
}

export interface LeftOverTensor {
  readonly tensor: StoredTensor;
  readonly renamed: string;
}

/** The names match, the shapes or the kinds of number do not. */
export interface UnfitParam {
  readonly name: string;
  readonly expected: ExpectedParam;
  readonly tensor: StoredTensor;
  /** The shape is the expected one with its two sizes swapped. */
  readonly transposed: boolean;
}

export interface MatchReport {
  /** Path of the checkpoint. */
  readonly origin: string;
  readonly matched: readonly MatchedParam[];
  readonly missing: readonly MissingParam[];
  readonly leftOver: readonly LeftOverTensor[];
  readonly misshaped: readonly UnfitParam[];
  /** Right shape, but no conversion leads from the stored element type to the expected one. */
  readonly mistyped: readonly UnfitParam[];
  readonly unusedRules: readonly RenameRule[];
}

const SUGGESTIONS = 3;

/**
 * Compares what a model wants with what a checkpoint holds; reads no data.
 *
 * @param expected the model's parameters by name
 * @throws WeightError when the rename table maps two tensors to one name
 */
export function matchParams(
  expected: ReadonlyMap<string, ExpectedParam>,
  source: TensorSource,
  rename?: RenameTable,
): MatchReport {
  const stored = source.list();
  const renamed = rename?.apply(stored.map(({ name }) => name));
  const modelName = (tensor: string) => renamed?.names.get(tensor) ?? tensor;
  const byModelName = new Map(stored.map((tensor) => [modelName(tensor.name), tensor]));

  const matched: MatchedParam[] = [];
  const misshaped: UnfitParam[] = [];
  const mistyped: UnfitParam[] = [];
  const absent: [string, ExpectedParam][] = [];
  for (const [name, param] of expected) {
    const tensor = byModelName.get(name);
    if (tensor === undefined) {
      absent.push([name, param]);
      continue;
    }
    const unfit = { name, expected: param, tensor, transposed: isTranspose(param.shape, tensor.shape) };
    if (!sameSizes(param.shape, tensor.shape)) misshaped.push(unfit);
    else if (!convertible(tensor.storedDtype, param.dtype)) mistyped.push(unfit);
    else matched.push({ name, tensor: source.info(tensor.name) });
  }

  const leftOver = stored
    .map((tensor) => ({ tensor, renamed: modelName(tensor.name) }))
    .filter((candidate) => !expected.has(candidate.renamed));
  const suggest = suggester(
    leftOver.map((candidate) => candidate.renamed),
    expected,
    byModelName,
  );
  const missing = absent.map(([name, param]) => ({ name, expected: param, suggestions: suggest(name) }));
  const unusedRules = renamed?.unusedRules ?? [];
  return { origin: source.origin, matched, missing, leftOver, misshaped, mistyped, unusedRules };
}

function suggester(
  free: readonly string[],
  expected: ReadonlyMap<string, ExpectedParam>,
  byModelName: ReadonlyMap<string, StoredTensor>,
): (name: string) => Suggestion[] {
  const findFree = nameFinder(free);
  const findTaken = nameFinder([...byModelName.keys()].filter((name) => expected.has(name)));
  const suggestion = (renamed: string, taken: boolean): Suggestion => ({
    tensor: byModelName.get(renamed)?.name ?? renamed,
    renamed,
    taken,
  });
  return (name) =>
    [
      ...findFree(name, SUGGESTIONS).map((near) => suggestion(near, false)),
      ...findTaken(name, SUGGESTIONS).map((near) => suggestion(near, true)),
    ].slice(0, SUGGESTIONS);
}

function convertible(stored: string, wanted: DType): boolean {
  const dtype = readableDType(stored);
  return dtype !== undefined && (dtype === wanted || (isFloat(dtype) && isFloat(wanted)));
}

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function isTranspose(a: readonly number[], b: readonly number[]): boolean {
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0] && a[0] !== a[1];
}
