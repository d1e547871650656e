import { isFloat } from '@casement/ir';
import type { HostTensor } from '@casement/session';
import { decodeFloats, type SafetensorsFile } from '@casement/weights';
import { UserError } from '../error.ts';

/** A tensor of floats, in f32. Throws WeightError when there is none of that name, UserError for another dtype. */
export async function readTensor(file: SafetensorsFile, name: string): Promise<HostTensor> {
  const { dtype, shape } = file.info(name);
  if (!isFloat(dtype)) throw new UserError(`${file.origin}: ${name} must hold floats, not ${dtype}`);
  return { dtype: 'f32', shape, data: decodeFloats(await file.read(name), dtype) };
}

/** The elements of a tensor of integers, row by row. Throws like readTensor. */
export async function readIntegers(file: SafetensorsFile, name: string): Promise<number[]> {
  const { dtype } = file.info(name);
  const { buffer } = await file.read(name);
  if (dtype === 'i32') return Array.from(new Int32Array(buffer));
  if (dtype === 'i64') return Array.from(new BigInt64Array(buffer), Number);
  throw new UserError(`${file.origin}: ${name} must be I32 or I64, not ${dtype}`);
}

/** Rows `from` … `to − 1` of a matrix. */
export function sliceRows({ dtype, shape, data }: HostTensor, from: number, to: number): HostTensor {
  const width = shape[1] ?? 0;
  return { dtype, shape: [to - from, width], data: data.slice(from * width, to * width) };
}
