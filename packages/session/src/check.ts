import type { TensorSpec } from '@casement/runtime';
import type { HostTensor, HostTensors, ModelSignature } from './executor.ts';

/** A call that an executor refuses; the model is as it was before. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * Checks names, dtypes, ranks and fixed sizes of a call and returns the outputs that are wanted. Sizes that depend on
 * dims are the executor's to check, since it knows the lengths. Throws InputError.
 */
export function checkInputs(
  signature: ModelSignature,
  entry: string,
  inputs: HostTensors,
  outputs: readonly string[] | undefined,
): readonly string[] {
  const spec = signature.entries[entry];
  if (spec === undefined) {
    throw new InputError(
      `model ${signature.name} has no entry "${entry}"; it has ${list(Object.keys(signature.entries))}`,
    );
  }
  const known = spec.inputs.map((input) => input.name);
  const extra = Object.keys(inputs).find((name) => !known.includes(name));
  if (extra !== undefined) throw new InputError(`${entry} has no input "${extra}"; it takes ${list(known)}`);
  for (const input of spec.inputs) checkTensor(entry, input, inputs[input.name]);
  const all = spec.outputs.map((output) => output.name);
  const unknown = outputs?.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new InputError(`${entry} has no output "${unknown}"; it gives ${list(all)}`);
  return outputs ?? all;
}

function checkTensor(entry: string, spec: TensorSpec, tensor: HostTensor | undefined): void {
  const wanted = `${entry}: input "${spec.name}" must be ${spec.dtype}[${spec.shape.join(', ')}]`;
  if (tensor === undefined) throw new InputError(`${wanted}; it was not given`);
  const found = `got ${tensor.dtype}[${tensor.shape.join(', ')}]`;
  const bothFloat = isFloat(spec.dtype) && isFloat(tensor.dtype);
  const fits =
    (tensor.dtype === spec.dtype || bothFloat) &&
    tensor.shape.length === spec.shape.length &&
    tensor.shape.every((size, axis) => typeof spec.shape[axis] === 'string' || spec.shape[axis] === size);
  if (!fits) throw new InputError(`${wanted}, ${found}`);
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  if (tensor.data.length !== count) {
    throw new InputError(`${entry}: input "${spec.name}" has ${tensor.data.length} elements, its shape says ${count}`);
  }
  checkIndices(entry, spec, tensor);
}

/** GPUs read something for an index that is out of range, and ONNX counts negative ones from the end. */
function checkIndices(entry: string, { name, below }: TensorSpec, { data }: HostTensor): void {
  if (below === undefined) return;
  const at = data.findIndex((index: number) => !(index >= 0 && index < below));
  if (at >= 0) {
    throw new InputError(`${entry}: input "${name}" holds ${data[at]} at ${at}; it must be from 0 to ${below - 1}`);
  }
}

function isFloat(dtype: TensorSpec['dtype']): boolean {
  return dtype === 'f32' || dtype === 'f16' || dtype === 'bf16';
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', ');
}
