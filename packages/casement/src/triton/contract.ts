import type { Manifest } from '@casement/runtime';
import { UserError } from '../error.ts';
import { dataTypeOf } from './dataTypes.ts';
import { SELECTOR } from './mergeEntries.ts';
import { tensorOf } from './onnxModel.ts';
import type { TritonModel } from './tritonModels.ts';

/** What a client must know of a model in a repository; the example clients carry it. */
export interface Contract {
  readonly model: string;
  readonly inputs: readonly ContractTensor[];
  readonly calls: Readonly<Record<string, Call>>;
}

export interface ContractTensor {
  readonly name: string;
  readonly datatype: string;
  /** -1 for a size that may vary. */
  readonly shape: readonly number[];
}

/** One entry of a model. Inputs of other entries are sent as one row of zeros. */
export interface Call {
  /** Value of the input that chooses the entry; absent where there is nothing to choose. */
  readonly entry?: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Inputs that tell lengths; see `GivenInput` of `@casement/runtime`. */
  readonly given: readonly { readonly input: string; readonly kind: string; readonly dim: string }[];
  /** Which lengths grow, whether from what they were or from 0, by the size of an input's axis. */
  readonly lengths: Readonly<Record<string, { readonly continues: boolean; readonly by: Axis }>>;
}

export interface Axis {
  readonly input: string;
  readonly axis: number;
}

/** Throws UserError for an entry whose lengths a client cannot count. */
export function contractOf({ name, model, entries, states }: TritonModel, manifest: Manifest): Contract {
  const inputs = (model.graph?.input ?? [])
    .map(tensorOf)
    .filter((input) => !states.has(input.name))
    .map((input) => ({
      name: input.name,
      datatype: dataTypeOf(input.elementType, input.name).protocol,
      shape: input.shape.map((size) => (typeof size === 'number' ? size : -1)),
    }));
  const known = new Set(inputs.map((input) => input.name));
  const calls = entries.map((entry, at): [string, Call] => {
    const spec = manifest.entries[entry];
    const own = (input: string) => (known.has(`${entry}.${input}`) ? `${entry}.${input}` : input);
    const given = manifest.targets.onnx?.entries[entry]?.given ?? [];
    const lengths = Object.entries(spec?.lengths ?? {}).map(([dim, length]) => [
      dim,
      growth(manifest, entry, dim, length),
    ]);
    return [
      entry,
      {
        ...(known.has(SELECTOR) ? { entry: at } : {}),
        inputs: (spec?.inputs ?? []).map((input) => own(input.name)),
        outputs: (spec?.outputs ?? []).map((output) => output.name),
        given: given.map((one) => ({ ...one, input: own(one.input) })),
        lengths: Object.fromEntries(lengths),
      },
    ];
  });
  return { model: name, inputs, calls: Object.fromEntries(calls) };
}

/** A length such as "past + seq", or "image": what it was, and a size of an input. */
function growth(manifest: Manifest, entry: string, dim: string, length: number | string) {
  const terms = String(length).split(' + ');
  const added = terms.filter((term) => term !== dim);
  for (const { name, shape } of manifest.entries[entry]?.inputs ?? []) {
    const axis = shape.indexOf(added[0] ?? '');
    if (added.length === 1 && axis >= 0) return { continues: terms.length > 1, by: { input: name, axis } };
  }
  throw new UserError(`entry ${entry} makes "${dim}" as long as ${length}, which a client of Triton cannot count`);
}
