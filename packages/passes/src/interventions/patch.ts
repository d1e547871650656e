import {
  type Dim,
  IrError,
  namedDim,
  ops,
  type Program,
  printType,
  sameType,
  type TensorType,
  upperBound,
  type Value,
} from '@casement/ir';
import { type EntryChoice, editEntry } from './editEntry.ts';
import type { GraphEdit } from './graphEdit.ts';
import { openAttention } from './openAttention.ts';
import { scopeAround } from './scopes.ts';
import { attentionIn, type Selector, type Site, seersOf, sitesOf, valueAt } from './sites.ts';

export interface PatchOptions extends EntryChoice {
  /** Where: one place or several, of which each run chooses one. */
  readonly at: Selector | readonly Selector[];
  /** Names of the new inputs; `site`, `rows` and `values` unless given. */
  readonly inputs?: { readonly site?: string; readonly rows?: string; readonly values?: string };
}

/**
 * Lets rows of a hidden state, or of an attention map, be replaced run by run, with three new inputs: `site` i32[], the
 * index of the place in the order of `at` and the entry (any other number, such as −1, for none); `rows` i32[n], which
 * rows along the last axis but one (those that do not exist are ignored); `values` [… n width], what stands there
 * instead. All that follows is computed from it.
 *
 *     patch(program, { entry: 'step', as: 'patched', at: { before: 'model.layers.*' } })
 *
 * Throws IrError when a place is not there, is not one value, or the places' types differ.
 */
export function patch(program: Program, { at, inputs = {}, ...choice }: PatchOptions): Program {
  return editEntry(program, choice, 'patch', (edit) => {
    const sites = sitesOf(edit.graph, at);
    const values = sites.map((site) => (site.kind === 'attention' ? open(edit, site) : valueAt(edit.graph, site)));
    const type = commonType(sites, values);
    const [rowsDim, width] = [type.shape.at(-2) ?? 0, type.shape.at(-1) ?? 0];
    const count = freeDim(program);
    const site = edit.input(inputs.site ?? 'site', { dtype: 'i32', shape: [] });
    const rows = edit.input(inputs.rows ?? 'rows', { dtype: 'i32', shape: [namedDim(count)] });
    const shape = [...type.shape.slice(0, -2), namedDim(count), width];
    const given = edit.input(inputs.values ?? 'values', { dtype: type.dtype, shape });

    const replacement = spread(edit, edit.firstOf(values), { rows, given, rowsDim, count: namedDim(count) });
    sites.forEach((place, index) => {
      // Found anew: what enters a layer may have been patched where it left the one before.
      const value = (place.kind === 'attention' ? values[index] : undefined) ?? valueAt(edit.graph, place);
      const emit = edit.emitter({ after: edit.lastOf([value, replacement.values]) }, { scope: scopeOf(edit, place) });
      const here = emit(ops.equal, [site, emit(ops.constant, [], { dtype: 'i32', shape: [], values: [index] })], {});
      const chosen = emit(ops.and, [replacement.isGiven, here], {});
      edit.replaceUses(value, emit(ops.where, [chosen, replacement.values, value], {}), seersOf(place));
    });
    const bounds = { min: 1, max: Math.max(upperBound(rowsDim, program.dims), 1), multipleOf: 1 };
    return new Map([[count, bounds]]);
  });
}

/** The probabilities of the one attention in a scope, which mix the values from here on. */
function open(edit: GraphEdit, { name }: Site): Value {
  return openAttention(edit, attentionIn(edit.graph, name));
}

function commonType(sites: readonly Site[], values: readonly Value[]): TensorType {
  const [first] = values;
  if (first === undefined) throw new IrError('patch: name at least one place');
  const { type } = first;
  if (type.shape.length < 2) throw new IrError(`patch: "${sites[0]?.name}" is ${printType(type)}, which has no rows`);
  const odd = values.findIndex((value) => !sameType(value.type, type));
  if (odd < 0) return type;
  const other = values[odd] ?? first;
  throw new IrError(
    `patch: "${sites[0]?.name}" is ${printType(type)}, but "${sites[odd]?.name}" is ${printType(other.type)}; ` +
      'patch them one by one, with inputs of other names',
  );
}

/** `given` [… n width] spread out to [… rows width], and which rows it gives, bool[rows 1]. */
function spread(
  edit: GraphEdit,
  first: Value,
  of: { readonly rows: Value; readonly given: Value; readonly rowsDim: Dim; readonly count: Dim },
): { readonly values: Value; readonly isGiven: Value } {
  const { rows, given, rowsDim, count } = of;
  const emit = edit.emitter({ after: edit.producer(first) }, { scope: '' });
  const all = emit(ops.reshape, [emit(ops.iota, [], { size: rowsDim })], { shape: [rowsDim, 1] });
  const hits = emit(ops.cast, [emit(ops.equal, [all, emit(ops.reshape, [rows], { shape: [1, count] })], {})], {
    to: 'f32',
  });
  const half = emit(ops.constant, [], { dtype: 'f32', shape: [], values: [0.5] });
  const isGiven = emit(ops.less, [half, emit(ops.reduceMax, [hits], { axis: 1, keepDims: true })], {});
  // The first of equal rows counts; rows that are not given get any.
  const index = emit(ops.argMax, [hits], { axis: 1, keepDims: false });
  const values = emit(ops.gather, [given, index], { axis: given.type.shape.length - 2 });
  return { values, isGiven };
}

/** Where a patch is said to be, so that who asks again for what enters or leaves the scope gets it patched. */
function scopeOf(edit: GraphEdit, { kind, name }: Site): string {
  if (kind === 'before') return scopeAround(name);
  if (kind !== 'value') return name;
  const value = valueAt(edit.graph, { kind, name });
  return edit.producer(value)?.origin.scope ?? '';
}

/** The number of rows is a dim of its own for every patch. */
function freeDim({ dims }: Program): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? 'patched' : `patched${i}`;
    if (!dims.has(name)) return name;
  }
}
