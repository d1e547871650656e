import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DType, dtypeBytes } from '@casement/ir';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeFloats } from './convert.ts';
import type { WriteProgress } from './copyTensor.ts';
import { memorySource } from './memorySource.ts';
import { openCheckpoint } from './openCheckpoint.ts';
import { type ShardTensor, shardTensor } from './shardTensor.ts';
import { writeShards } from './writeShards.ts';

let dir: string;
let out: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weights-'));
  out = join(dir, 'made', 'here');
});
afterEach(() => rm(dir, { recursive: true }));

/** A tensor of `size` elements that arrives element by element; its bytes count up from `start`. */
function tensor(name: string, dtype: DType, size: number, start = 0): ShardTensor {
  const step = dtypeBytes(dtype);
  const bytes = Uint8Array.from({ length: size * step }, (_, i) => (start + i) % 100);
  const chunks = Array.from({ length: size }, (_, i) => bytes.subarray(i * step, (i + 1) * step));
  return { name, dtype, shape: [size], streamDtype: dtype, stream: () => chunks };
}

const bytesOf = async (of: ShardTensor) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of of.stream()) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
};

describe('writeShards', () => {
  it('writes what it says where it says, aligned, and what openCheckpoint reads back', async () => {
    const dtypes = fc.constantFrom<DType>('f32', 'f16', 'bf16', 'i32', 'i64', 'u8', 'bool');
    const shapes = fc.array(fc.tuple(dtypes, fc.nat(9)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 200 }), async (specs, maxShardBytes) => {
        const tensors = specs.map(([dtype, size], i) => tensor(`t.${i}`, dtype, size, i));
        const folder = await mkdtemp(join(dir, 'run-'));
        const written = await writeShards(folder, tensors, { maxShardBytes, metadata: { format: 'pt' } });
        const checkpoint = await openCheckpoint(folder);
        expect(checkpoint.names().sort()).toEqual(tensors.map(({ name }) => name).sort());
        for (const expected of tensors) {
          const { file, byteOffset, byteLength } = written.tensors.get(expected.name) ?? expect.fail(expected.name);
          expect(checkpoint.info(expected.name)).toMatchObject({ file: join(folder, file), byteOffset, byteLength });
          expect(byteOffset % dtypeBytes(expected.dtype)).toBe(0);
          expect(await checkpoint.read(expected.name)).toEqual(await bytesOf(expected));
        }
        for (const { file, bytes, sha256 } of written.shards) {
          const content = await readFile(join(folder, file));
          expect(bytes).toBe(content.length);
          expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
        }
        await checkpoint.close();
        const files = written.shards.map(({ file }) => file);
        const index = files.length > 1 ? ['model.safetensors.index.json'] : [];
        expect((await readdir(folder)).sort()).toEqual([...files, ...index].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('fills shards up to the limit, in order, and gives a large tensor its own', async () => {
    const tensors = [
      tensor('a', 'u8', 6),
      tensor('b', 'u8', 4),
      tensor('c', 'u8', 30),
      tensor('d', 'f32', 1),
      tensor('e', 'i64', 0),
    ];
    const { tensors: places, shards } = await writeShards(out, tensors, { maxShardBytes: 10 });
    expect(shards.map(({ file }) => file)).toEqual([1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`));
    expect([...places.values()].map(({ name, file }) => `${name} ${file.slice(6, 11)}`)).toEqual([
      'a 00001',
      'b 00001',
      'c 00002',
      'e 00003',
      'd 00003',
    ]);
    expect(JSON.parse(await readFile(join(out, 'model.safetensors.index.json'), 'utf8')).metadata).toEqual({
      total_size: 44,
    });
  });

  it('converts on the way and counts what deserves a warning', async () => {
    const values = Float32Array.of(1.5, 1e9, Number.NaN, Number.POSITIVE_INFINITY, -1e9, 0.25);
    const data = new Uint8Array(values.buffer);
    const source = memorySource(
      new Map([
        ['odd', { dtype: 'f32', shape: [6], data }],
        ['even', { dtype: 'f32', shape: [1], data: data.slice(0, 4) }],
      ]),
    );
    const tensors = ['odd', 'even'].map((name) => shardTensor(source, name, { name: `model.${name}`, dtype: 'f16' }));
    const { unusual } = await writeShards(out, tensors);
    expect(unusual).toEqual([{ tensor: 'model.odd', nan: 1, infinite: 1, overflowed: 2 }]);
    const checkpoint = await openCheckpoint(out);
    expect([...decodeFloats(await checkpoint.read('model.odd'), 'f16')]).toEqual([
      1.5,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0.25,
    ]);
    await checkpoint.close();
  });

  it('gives the same bytes for the same tensors', async () => {
    const tensors = () => [tensor('10', 'f16', 3), tensor('9', 'f32', 2), tensor('__proto__', 'u8', 1)];
    const first = await writeShards(join(out, 'a'), tensors(), { metadata: { format: 'pt' } });
    const second = await writeShards(join(out, 'b'), tensors(), { metadata: { format: 'pt' } });
    expect(first.shards).toEqual(second.shards);
  });

  it('reports progress up to the end', async () => {
    const seen: WriteProgress[] = [];
    await writeShards(out, [tensor('a', 'u8', 2), tensor('b', 'u8', 1)], {
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.map(({ tensor: name, bytesDone }) => `${name} ${bytesDone}`)).toEqual(['a 1', 'a 2', 'b 3']);
    expect(seen.at(-1)?.bytesTotal).toBe(3);
  });
});

describe('writeShards, when it fails', () => {
  /** Runs, expects a failure, and that nothing is left. */
  const failure = async (tensors: ShardTensor[], options = {}) => {
    const message = await writeShards(out, tensors, { maxShardBytes: 4, ...options }).then(() => 'no error', String);
    expect(await readdir(dir)).toEqual([]);
    return message;
  };
  const sound = tensor('sound', 'f32', 1);

  it('leaves nothing behind when a stream is too short, too long or throws', async () => {
    expect(await failure([sound, { ...tensor('w', 'f32', 2), shape: [3] }])).toMatchInlineSnapshot(
      `"WeightError: Tensor "w", f32 [3], takes 12 bytes, but its stream gave only 8."`,
    );
    expect(await failure([sound, { ...tensor('w', 'f32', 2), shape: [1] }])).toMatchInlineSnapshot(
      `"WeightError: Tensor "w", f32 [1], takes 4 bytes, but its stream gave more."`,
    );
    const broken = { ...sound, name: 'w', stream: () => [Uint8Array.of(1, 2, 3)] };
    expect(await failure([sound, broken])).toMatchInlineSnapshot(
      `"WeightError: Tensor "w": its stream gave a chunk of 3 bytes, which splits an element of f32."`,
    );
    const failing = async function* () {
      yield new Uint8Array(2);
      throw new Error('disk on fire');
    };
    expect(await failure([sound, { ...tensor('w', 'u8', 4), stream: failing }])).toBe('Error: disk on fire');
  });

  it('refuses two tensors of one name, reserved names and impossible conversions', async () => {
    expect(await failure([sound, sound])).toMatchInlineSnapshot(
      `"WeightError: Two tensors named "sound" cannot go into one checkpoint."`,
    );
    expect(await failure([{ ...sound, name: '__metadata__' }])).toMatchInlineSnapshot(
      `"WeightError: A tensor cannot be named "__metadata__": the format reserves it."`,
    );
    expect(await failure([{ ...sound, streamDtype: 'i32' }])).toMatchInlineSnapshot(
      `"WeightError: Tensor "sound": There is no conversion from i32 to f32: only f32, f16 and bf16 convert."`,
    );
  });

  it('stops at a signal with its reason and leaves nothing behind', async () => {
    const controller = new AbortController();
    const onProgress = ({ bytesDone }: WriteProgress) => {
      if (bytesDone === 8) controller.abort(new Error('stopped by hand'));
    };
    const tensors = ['a', 'b', 'c'].map((name) => tensor(name, 'f32', 2));
    expect(await failure(tensors, { signal: controller.signal, onProgress })).toBe('Error: stopped by hand');
  });

  it('keeps away from a folder that holds a checkpoint, and keeps other files', async () => {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, 'config.json'), '{}');
    await expect(writeShards(out, [{ ...sound, shape: [2] }])).rejects.toThrow('takes 8 bytes');
    expect(await readdir(out)).toEqual(['config.json']);
    await writeShards(out, [sound]);
    const again = await writeShards(out, [sound]).catch(String);
    expect(String(again).replace(dir, 'DIR')).toMatchInlineSnapshot(
      `"WeightError: DIR/made/here already holds model.safetensors. Choose an empty folder, or remove the old checkpoint."`,
    );
    expect((await readdir(out)).sort()).toEqual(['config.json', 'model.safetensors']);
  });
});
