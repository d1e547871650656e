import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WeightError } from './error.ts';
import { openSafetensors, type SafetensorsFile } from './openSafetensors.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weights-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** A file put together by hand, so that the reader is not tested against our own writer. */
function fileBytes(header: object, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  return Uint8Array.of(...new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer), ...json, ...data);
}

const data = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const header = {
  __metadata__: { format: 'pt' },
  ids: { dtype: 'I64', shape: [2], data_offsets: [0, 16] },
  weight: { dtype: 'BF16', shape: [2, 3], data_offsets: [16, 28] },
  scale: { dtype: 'F8_E4M3', shape: [4], data_offsets: [28, 32] },
};

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, bytes);
  return path;
}

/** Open until the test ends. */
async function opened(path: string): Promise<SafetensorsFile> {
  const file = await openSafetensors(path);
  onTestFinished(() => file[Symbol.asyncDispose]());
  return file;
}

const withoutDir = (error: unknown) => {
  expect(error).toBeInstanceOf(WeightError);
  return String(error).replaceAll(dir, 'DIR');
};
const failure = (promise: Promise<unknown>) => promise.then(() => 'no error', withoutDir);

describe('openSafetensors', () => {
  it('gives places and exact bytes', async () => {
    const path = await write('sound.safetensors', fileBytes(header, data));
    const file = await opened(path);
    const dataStart = fileBytes(header, data).length - data.length;
    expect(file.metadata.get('format')).toBe('pt');
    expect(file.names()).toEqual(['ids', 'weight', 'scale']);
    expect(file.info('weight')).toEqual({
      name: 'weight',
      dtype: 'bf16',
      shape: [2, 3],
      file: path,
      byteOffset: dataStart + 16,
      byteLength: 12,
    });
    const bytes = await file.read('weight');
    expect(bytes).toEqual(data.subarray(16, 28));
    expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, 12]);
  });

  it('streams chunks of whole elements', async () => {
    const file = await opened(await write('stream.safetensors', fileBytes(header, data)));
    const chunks = await Readable.from(file.stream('ids', 12)).toArray();
    expect(chunks.map((chunk) => chunk.length)).toEqual([8, 8]);
    expect(Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))).toEqual(data.subarray(0, 16));
    await expect(Readable.from(file.stream('ids', 7)).toArray()).rejects.toThrow(RangeError);
  });

  it('lists a type it does not read, and refuses it only when asked for', async () => {
    const file = await opened(await write('f8.safetensors', fileBytes(header, data)));
    expect(file.list()[2]).toMatchObject({ name: 'scale', storedDtype: 'F8_E4M3', shape: [4], byteLength: 4 });
    expect(await failure(file.read('scale'))).toMatchInlineSnapshot(
      `"WeightError: DIR/f8.safetensors: tensor "scale" is stored as F8_E4M3, which Casement does not read (it reads F32, F16, BF16, I32, I64, U8, BOOL). Convert the checkpoint first."`,
    );
  });

  it('names near tensors for an unknown one', async () => {
    const file = await opened(await write('near.safetensors', fileBytes(header, data)));
    expect(await failure(file.read('wieght'))).toMatchInlineSnapshot(
      `"WeightError: DIR/near.safetensors has no tensor "wieght". Did you mean "weight"?"`,
    );
  });

  it('says so when it is read after closing', async () => {
    const file = await openSafetensors(await write('closed.safetensors', fileBytes(header, data)));
    await file.close();
    await file.close();
    expect(await failure(file.read('ids'))).toMatchInlineSnapshot(
      `"WeightError: Cannot read tensor "ids": DIR/closed.safetensors has been closed."`,
    );
  });

  it('says so when the file shrinks while open', async () => {
    const path = await write('shrinks.safetensors', fileBytes(header, data));
    const file = await opened(path);
    await truncate(path, fileBytes(header, data).length - 20);
    expect(await failure(file.read('weight'))).toMatchInlineSnapshot(
      `"WeightError: DIR/shrinks.safetensors shrank while it was read: tensor "weight" needs 12 bytes at byte 238, only 0 are left."`,
    );
  });

  it('names the file it cannot open', async () => {
    expect(await failure(openSafetensors(join(dir, 'absent.safetensors')))).toMatchInlineSnapshot(
      `"WeightError: Cannot open DIR/absent.safetensors: ENOENT: no such file or directory, open 'DIR/absent.safetensors'"`,
    );
    expect(await failure(openSafetensors(dir))).toMatchInlineSnapshot(
      `"WeightError: Cannot read DIR: EISDIR: illegal operation on a directory, read"`,
    );
    expect(await failure(openSafetensors(await write('empty.safetensors', new Uint8Array())))).toMatchInlineSnapshot(
      `"WeightError: DIR/empty.safetensors is no safetensors file: it has 0 bytes, the header's length alone takes 8. Download it again."`,
    );
  });

  it('meets every truncation and any flipped byte with a WeightError', async () => {
    const sound = fileBytes(header, data);
    const flips = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(flips, fc.oneof(fc.constant(sound.length), fc.nat(sound.length)), async (changes, length) => {
        const bytes = sound.slice(0, length);
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        const path = await write('damaged.safetensors', bytes);
        const file = await openSafetensors(path).catch(withoutDir);
        if (typeof file === 'string') return;
        for (const name of file.names()) await file.read(name).catch(withoutDir);
        await file.close();
      }),
      { numRuns: 500 },
    );
  });
});
