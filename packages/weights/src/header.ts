import { duplicateKey } from './duplicateKey.ts';
import { reasonOf, WeightError } from './error.ts';
import { storedBits } from './storedDType.ts';

/** Bytes of the length field that a safetensors file starts with. */
export const LENGTH_BYTES = 8;

/** The format's own limit (safetensors, `MAX_HEADER_SIZE`). */
const MAX_HEADER_BYTES = 100_000_000;

/** One tensor of a header. Offsets count from the start of the data, as the format has them. */
export interface HeaderEntry {
  readonly name: string;
  /** The element type as the file names it, for example `BF16` or `F8_E4M3`. */
  readonly storedDtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** Tensors in the order of their data. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data starts in the file. */
  readonly dataStart: number;
}

/**
 * The header's length from the first bytes of a file.
 *
 * @throws WeightError when the length is beyond the file or absurd
 */
export function headerLength(first: Uint8Array, file: string, fileBytes: number): number {
  if (first.byteLength < LENGTH_BYTES) {
    throw new WeightError(
      `${file} is no safetensors file: it has ${fileBytes} bytes, the header's length alone takes ${LENGTH_BYTES}. Download it again.`,
    );
  }
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new WeightError(
      `${file} is no safetensors file: its first 8 bytes announce a header of ${length} bytes, the format allows ${MAX_HEADER_BYTES}.`,
    );
  }
  if (LENGTH_BYTES + Number(length) > fileBytes) {
    throw new WeightError(
      `${file} is truncated or no safetensors file: its header should take ${length} bytes, but the file ends after ${fileBytes}. Download it again.`,
    );
  }
  return Number(length);
}

/**
 * Parses and checks a header: JSON, no name twice, sizes that fit dtype and shape, data without gap or overlap that
 * ends where the file ends.
 *
 * @param bytes the header alone, without the length field
 * @throws WeightError naming the file, the tensor and both sizes
 */
export function parseHeader(bytes: Uint8Array, file: string, fileBytes: number): Header {
  const json = parseObject(bytes, file);
  const dataStart = LENGTH_BYTES + bytes.byteLength;
  let metadata: ReadonlyMap<string, string> = new Map();
  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = readMetadata(value, file);
    else entries.push(readEntry(name, value, file));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, file, dataStart, fileBytes);
  return { entries, metadata, dataStart };
}

function parseObject(bytes: Uint8Array, file: string): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw new WeightError(`${file}: the safetensors header is not valid JSON: ${reasonOf(error)}`, { cause: error });
  }
  if (!isRecord(value)) throw new WeightError(`${file}: the safetensors header is not a JSON object.`);
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new WeightError(`${file}: the header names tensor "${twice}" twice. Save the checkpoint again.`);
  }
  return value;
}

function readMetadata(value: unknown, file: string): ReadonlyMap<string, string> {
  if (!isRecord(value)) throw new WeightError(`${file}: __metadata__ is not a JSON object.`);
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new WeightError(`${file}: __metadata__ "${key}" is not a string.`);
    metadata.set(key, text);
  }
  return metadata;
}

function readEntry(name: string, value: unknown, file: string): HeaderEntry {
  const fail = (problem: string): never => {
    throw new WeightError(`${file}: tensor "${name}": ${problem}`);
  };
  if (!isRecord(value)) return fail('its header entry is not a JSON object.');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') return fail('its dtype is missing or not a string.');
  if (!isSizes(shape)) return fail('its shape is missing or not a list of sizes.');
  if (!isSizes(offsets) || offsets.length !== 2) return fail('its data_offsets are missing or not two sizes.');
  const [begin = 0, end = 0] = offsets;
  if (end < begin) return fail(`its data ends (${end}) before it begins (${begin}).`);
  const bits = storedBits(dtype);
  if (bits !== undefined) {
    const expected = (shape.reduce((product, size) => product * size, 1) * bits) / 8;
    if (expected !== end - begin) {
      return fail(`${dtype} [${shape.join(', ')}] takes ${expected} bytes, but its data_offsets span ${end - begin}.`);
    }
  }
  return { name, storedDtype: dtype, shape, begin, end };
}

function checkLayout(entries: readonly HeaderEntry[], file: string, dataStart: number, fileBytes: number): void {
  const expectedBytes = dataStart + (entries.at(-1)?.end ?? 0);
  let end = 0;
  let before = 'the start of the data';
  for (const entry of entries) {
    if (entry.begin !== end) {
      const what = entry.begin < end ? 'overlaps' : 'leaves a gap after';
      throw new WeightError(
        `${file}: tensor "${entry.name}" ${what} ${before}: it begins at data byte ${entry.begin} instead of ${end}.`,
      );
    }
    if (dataStart + entry.end > fileBytes) {
      throw new WeightError(
        `${file} is truncated: tensor "${entry.name}" ends at byte ${dataStart + entry.end}, but the file has ${fileBytes} of the ${expectedBytes} bytes its header describes. Download it again.`,
      );
    }
    end = entry.end;
    before = `tensor "${entry.name}"`;
  }
  if (fileBytes !== expectedBytes) {
    throw new WeightError(
      `${file} has ${fileBytes} bytes, but its header describes ${expectedBytes}: ${fileBytes - expectedBytes} bytes belong to no tensor. Download it again.`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
