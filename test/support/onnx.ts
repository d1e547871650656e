import type { HostTensor, Program } from '@casement/ir';
import { lowerToOnnx, type Profile } from '@casement/onnx';
import type { BatchingExecutor } from '@casement/session';
import { onnxExecutor } from '@casement/session/onnx';
import { programSignature } from '@casement/session/reference';
import { encodeValues } from '../../packages/onnx/src/bytes.ts';

/** A program in ONNX Runtime, with its weights inside the models. */
export function openInRuntime(
  program: Program,
  profile: Profile,
  params: ReadonlyMap<string, HostTensor> = new Map(),
): Promise<BatchingExecutor> {
  const weights = (name: string) => {
    const tensor = params.get(name);
    if (tensor === undefined) throw new RangeError(`no param "${name}"`);
    return encodeValues(tensor.dtype, tensor.data);
  };
  const { files, target } = lowerToOnnx(program, { profile, weights });
  return onnxExecutor({ signature: programSignature(program), target, files, threads: 1 });
}

/** The largest difference of elements; NaN when one side has a NaN that the other has not. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (Object.is(x, y) || x === y) continue;
    const difference = Math.abs(x - y);
    if (!(difference <= most)) most = difference;
  }
  return most;
}
