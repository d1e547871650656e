import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@casement/runtime';
import { UserError } from '../error.ts';
import { batchImages } from './batchImages.ts';
import { type Entry, mergeEntries } from './mergeEntries.ts';
import { decodeModel, type Onnx, tensorOf } from './onnxModel.ts';

/** A model of a Triton repository. */
export interface TritonModel {
  readonly name: string;
  readonly model: Onnx.IModelProto;
  /** Its entries, in the order of the selector. */
  readonly entries: readonly string[];
  /** Inputs that hold a sequence's state, and the outputs that continue them. */
  readonly states: ReadonlyMap<string, string>;
}

/**
 * Makes the models of a repository out of an artifact: one of all entries that share states, and one of each other entry.
 * Throws UserError when the artifact was not built for ONNX, has a name that no folder can have, or has a state that
 * grows, since Triton begins with states of their full size.
 */
export async function tritonModels(dir: string, manifest: Manifest): Promise<TritonModel[]> {
  const { onnx } = manifest.targets;
  if (!onnx) throw new UserError(`${dir} was not built for ONNX; build it with --target onnx`);
  // Folders and Kubernetes objects are named after it.
  if (!/^[A-Za-z0-9][\w.-]*$/.test(manifest.name)) {
    throw new UserError(
      `Triton cannot serve a model of the name ${JSON.stringify(manifest.name)}: its folders are named after it. Name it in ` +
        'model.ts with letters, digits, ".", "-" and "_", beginning with a letter or a digit, and build it again',
    );
  }
  const growing = Object.entries(onnx.states).find(([, { capacity }]) => capacity === undefined);
  if (growing) {
    throw new UserError(
      `Triton cannot keep the state "${growing[0]}": it grows from run to run, and Triton begins every sequence with a ` +
        'state that has a row already. Build with --profile ort, which holds states at full size where attention is ' +
        'causal over them (CASA, token insertion), or use casement serve',
    );
  }
  const presentOf = new Map(Object.values(onnx.states).map(({ past, present }) => [past, present]));
  const entries = await Promise.all(
    Object.entries(onnx.entries).map(async ([name, { file }]): Promise<Entry> => {
      return { name, model: decodeModel(await readFile(join(dir, file))) };
    }),
  );
  const touches = ({ model: { graph } }: Entry) => {
    const names = [...(graph?.input ?? []), ...(graph?.output ?? [])].map((info) => tensorOf(info).name);
    return names.some((name) => presentOf.has(name) || [...presentOf.values()].includes(name));
  };
  const stateful = entries.filter(touches);
  const pasts = new Map([...presentOf].map(([past, present]) => [present, past]));
  const single = entries.filter((entry) => !stateful.includes(entry));
  return [
    ...(stateful.length > 0 ? [tritonModel('decoder', stateful, pasts)] : []),
    ...single.map((entry) => tritonModel(entry.name, [entry], new Map())),
  ].map((model) => ({ ...model, name: `${manifest.name}_${model.name}` }));
}

function tritonModel(name: string, entries: readonly Entry[], pasts: ReadonlyMap<string, string>): TritonModel {
  const merged = mergeEntries(entries, pasts);
  const model = pasts.size === 0 ? (batchImages(merged) ?? merged) : merged;
  const inputs = new Set((model.graph?.input ?? []).map((info) => tensorOf(info).name));
  const outputs = new Set((model.graph?.output ?? []).map((info) => tensorOf(info).name));
  const states = [...pasts].filter(([present, past]) => inputs.has(past) && outputs.has(present));
  return {
    name,
    model,
    entries: entries.map((entry) => entry.name),
    states: new Map(states.map(([present, past]) => [past, present])),
  };
}
