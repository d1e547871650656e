import { open, readFile, writeFile } from 'node:fs/promises';

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

export async function writeTensors(path: string, tensors: RawTensors): Promise<void> {
  const sizes = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    return { name, dtype, shape, size: bytes.length };
  });
  await writeFile(path, Buffer.concat([header(sizes), ...Object.values(tensors).map(({ bytes }) => bytes)]));
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

function header(
  tensors: readonly (Omit<RawTensor, 'bytes'> & { readonly name: string; readonly size: number })[],
): Buffer {
  let at = 0;
  const entries = tensors.map(({ name, dtype, shape, size }) => {
    at += size;
    return [name, { dtype, shape, data_offsets: [at - size, at] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}
