import { RuntimeError } from './error.ts';
import type { EntrySignature, InputSignature } from './format/plan.ts';
import { printTensor } from './size.ts';
import { arrayNameOf, elementCount, type HostTensor, type HostTensors } from './tensor.ts';

/** Checks names, dtypes and data of a run's inputs (shapes: see `bindDims`). Throws RuntimeError. */
export function checkInputs(entryName: string, entry: EntrySignature, inputs: HostTensors): void {
  const known = Object.keys(entry.inputs);
  const extra = Object.keys(inputs).find((name) => !Object.hasOwn(entry.inputs, name));
  if (extra !== undefined) {
    throw new RuntimeError('call', `${entryName} has no input "${extra}"; its inputs are ${known.join(', ')}`);
  }
  for (const [name, spec] of Object.entries(entry.inputs)) {
    const tensor = inputs[name];
    const wanted = `${entryName}: input "${name}" must be ${printTensor(spec.dtype, spec.shape)}`;
    if (tensor === undefined) throw new RuntimeError('call', `${wanted}; it was not given`);
    checkTensor(wanted, spec, tensor);
  }
}

function checkTensor(wanted: string, spec: InputSignature, { dtype, shape, data }: HostTensor): void {
  // Floats of every dtype come as Float32Array, so any of them will do for another.
  const bothFloat = arrayNameOf(dtype) === 'Float32Array' && arrayNameOf(spec.dtype) === 'Float32Array';
  if (dtype !== spec.dtype && !bothFloat) throw new RuntimeError('call', `${wanted}, got ${printTensor(dtype, shape)}`);
  // By name, since arrays may come from another realm (an iframe, a vm context).
  if (data[Symbol.toStringTag] !== arrayNameOf(dtype)) {
    throw new RuntimeError('call', `${wanted} in a ${arrayNameOf(dtype)}, got ${data[Symbol.toStringTag]}`);
  }
  if (data.length !== elementCount(shape)) {
    throw new RuntimeError('call', `${wanted}, got [${shape.join(' ')}] with ${data.length} elements`);
  }
  const below = spec.below ?? Infinity;
  const bad = spec.below === undefined ? -1 : data.findIndex((index) => index < 0 || index >= below);
  if (bad >= 0) {
    throw new RuntimeError('call', `${wanted} of indices 0 … ${below - 1}, but element ${bad} is ${data[bad]}`);
  }
}
