import { isFloat } from '@casement/ir';
import type { HostTensor, ModelSignature } from '@casement/session';
import { UserError } from '../error.ts';
import { sliceAlong } from '../tensorAxes.ts';

/** An entry's input, as its signature declares it. */
export type InputSpec = NonNullable<ModelSignature['entries'][string]>['inputs'][number];

/**
 * A golden's tensor as an entry takes it, once for every run: with one axis more than declared, it holds a run at each
 * index of the first (one, if its size there is 1: then it serves any number of runs). With one axis less, it is a
 * batch of one. Integers become the declared dtype. Throws UserError when it cannot be that input.
 */
export function fitInput(spec: InputSpec, tensor: HostTensor, where: string): readonly HostTensor[] {
  const { shape } = tensor;
  const missing = spec.shape.length - shape.length;
  const data = convert(spec, tensor, where);
  const typed: HostTensor = { dtype: spec.dtype, shape, data };
  if (missing === 0) return [typed];
  if (missing === 1 && spec.shape[0] !== undefined) return [{ ...typed, shape: [1, ...shape] }];
  if (missing === -1) {
    const [count = 0] = shape;
    return Array.from({ length: count }, (_, run) => {
      const one = sliceAlong(typed, 0, run, run + 1);
      return { ...one, shape: shape.slice(1) };
    });
  }
  throw new UserError(
    `${where} has ${shape.length} axes, but the model's has ${spec.shape.length}: ${printSpec(spec)}`,
  );
}

export function printSpec({ dtype, shape }: Pick<InputSpec, 'dtype' | 'shape'>): string {
  return `${dtype}[${shape.join(' ')}]`;
}

function convert(spec: InputSpec, { dtype, data }: HostTensor, where: string): HostTensor['data'] {
  if (isFloat(spec.dtype)) return data instanceof Float32Array ? data : Float32Array.from(data);
  if (isFloat(dtype)) throw new UserError(`${where} holds floats, but the model's input is ${printSpec(spec)}`);
  const fits = {
    i32: (x: number) => x >= -(2 ** 31) && x < 2 ** 31,
    i64: () => true,
    u8: (x: number) => x >= 0 && x < 256,
    bool: (x: number) => x === 0 || x === 1,
  }[spec.dtype];
  const at = data.findIndex((x: number) => !fits(x));
  if (at >= 0) throw new UserError(`${where} holds ${data[at]} at ${at}, which ${printSpec(spec)} cannot`);
  if (spec.dtype === 'i32') return data instanceof Int32Array ? data : Int32Array.from(data);
  return spec.dtype === 'i64' ? Float64Array.from(data) : Uint8Array.from(data);
}
