import { writeFileSync } from 'node:fs';

/** A tensor to be written: `dtype` as the format names it. */
export interface WrittenTensor {
  readonly dtype: 'F32' | 'I32' | 'I64' | 'BOOL';
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Writes a safetensors file (https://github.com/huggingface/safetensors#format). */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata?: Readonly<Record<string, string>>,
): string {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    const bytes = bytesOf(dtype, values);
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, ...parts]));
  return path;
}

function bytesOf(dtype: WrittenTensor['dtype'], values: readonly number[]): Buffer {
  const typed = {
    F32: () => Float32Array.from(values),
    I32: () => Int32Array.from(values),
    I64: () => BigInt64Array.from(values, BigInt),
    BOOL: () => Uint8Array.from(values),
  }[dtype]();
  return Buffer.from(typed.buffer);
}
