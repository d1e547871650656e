import { writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';

/** A tensor as a safetensors file holds it. */
export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export type RawTensors = Readonly<Record<string, RawTensor>>;

/** What a header says of a tensor. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Reads a whole safetensors file, so that a test can change it. */
export async function readTensors(path: string): Promise<RawTensors> {
  const file = await readFile(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__, ...entries }: Record<string, Entry> = JSON.parse(file.toString('utf8', 8, start));
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      return [name, { dtype, shape, bytes: new Uint8Array(file.subarray(start + from, start + to)) }];
    },
  );
  return Object.fromEntries(tensors);
}

/** Writes a safetensors file (https://github.com/huggingface/safetensors#format). */
export function writeTensors(path: string, tensors: RawTensors): void {
  writeFileSync(path, fileOf(tensors, undefined));
}

/** A tensor given by its numbers. */
export interface WrittenTensor {
  readonly dtype: 'F32' | 'I32' | 'I64' | 'BOOL';
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Writes tensors given by their numbers; returns the path. */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata?: Readonly<Record<string, string>>,
): string {
  const raw = Object.entries(tensors).map(([name, { dtype, shape, values }]) => {
    return [name, { dtype, shape, bytes: bytesOf(dtype, values) }];
  });
  writeFileSync(path, fileOf(Object.fromEntries(raw), metadata));
  return path;
}

/** Writes f32 tensors of zeros that take no room on the disk, however large they are. */
export async function writeZeros(path: string, shapes: ReadonlyMap<string, readonly number[]>): Promise<void> {
  const sizes = [...shapes].map(([name, shape]) => {
    return { name, dtype: 'F32', shape, size: shape.reduce((product, size) => product * size, 4) };
  });
  const start = header(sizes);
  const file = await open(path, 'w');
  await file.write(start);
  await file.truncate(sizes.reduce((sum, { size }) => sum + size, start.length));
  await file.close();
}

function fileOf(tensors: RawTensors, metadata: Readonly<Record<string, string>> | undefined): Buffer {
  const sizes = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    return { name, dtype, shape, size: bytes.length };
  });
  return Buffer.concat([header(sizes, metadata), ...Object.values(tensors).map(({ bytes }) => bytes)]);
}

type Sized = Omit<RawTensor, 'bytes'> & { readonly name: string; readonly size: number };

function header(tensors: readonly Sized[], metadata?: Readonly<Record<string, string>>): Buffer {
  let at = 0;
  const entries = tensors.map(({ name, dtype, shape, size }) => {
    at += size;
    return [name, { dtype, shape, data_offsets: [at - size, at] }];
  });
  const all = { ...(metadata ? { __metadata__: metadata } : {}), ...Object.fromEntries(entries) };
  const text = Buffer.from(JSON.stringify(all));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

function bytesOf(dtype: WrittenTensor['dtype'], values: readonly number[]): Uint8Array {
  const typed = {
    F32: () => Float32Array.from(values),
    I32: () => Int32Array.from(values),
    I64: () => BigInt64Array.from(values, BigInt),
    BOOL: () => Uint8Array.from(values),
  }[dtype]();
  return new Uint8Array(typed.buffer);
}
