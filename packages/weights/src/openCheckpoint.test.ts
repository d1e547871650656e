import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { decodeFloats } from './convert.ts';
import { WeightError } from './error.ts';
import { memorySource } from './memorySource.ts';
import { openCheckpoint } from './openCheckpoint.ts';
import { shardTensor } from './shardTensor.ts';
import type { TensorSource } from './source.ts';
import { writeShards } from './writeShards.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weights-'));
});
afterEach(() => rm(dir, { recursive: true }));

const tensor = (byte: number) => ({ dtype: 'f32', shape: [2], data: new Uint8Array(8).fill(byte) }) as const;
const source = memorySource(
  new Map([
    ['a', tensor(1)],
    ['b', tensor(2)],
    ['c', tensor(3)],
  ]),
);

/** Shards of one tensor each, or of all. */
const write = (to: string, names: string[], maxShardBytes: number) =>
  writeShards(
    to,
    names.map((name) => shardTensor(source, name, { name, dtype: 'f32' })),
    { maxShardBytes },
  );
const writeIndex = (weightMap: unknown) =>
  writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));

/** Open until the test ends. */
async function opened(path: string): Promise<TensorSource> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint[Symbol.asyncDispose]());
  return checkpoint;
}

const failure = () =>
  openCheckpoint(dir).then(
    () => 'no error',
    (error: unknown) => {
      expect(error).toBeInstanceOf(WeightError);
      return String(error).replaceAll(dir, 'DIR');
    },
  );

describe('openCheckpoint', () => {
  it('reads what Hugging Face wrote', async () => {
    const fixture = fileURLToPath(new URL('../../../test/fixtures/casa', import.meta.url));
    const checkpoint = await opened(fixture);
    expect(checkpoint.info('model.layers.3.casa_attn.k_proj.weight')).toMatchObject({ dtype: 'f32', shape: [32, 64] });
    const norm = decodeFloats(await checkpoint.read('model.norm.weight'), 'f32');
    expect(norm.length).toBe(64);
    expect(norm.every((value) => Math.abs(value - 1) < 1)).toBe(true);
    const golden = await opened(join(fixture, 'golden.safetensors'));
    const ids = new Int32Array((await golden.read('input_ids')).buffer);
    expect(ids.length).toBe(18);
    expect(ids.every((id) => id >= 0 && id < 256)).toBe(true);
  });

  it.each([8, 1000])('reads a folder of shards of %d bytes', async (maxShardBytes) => {
    await write(dir, ['a', 'b', 'c'], maxShardBytes);
    const checkpoint = await opened(dir);
    expect(checkpoint.names()).toEqual(['a', 'b', 'c']);
    expect(checkpoint.list().map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) {
      expect(await checkpoint.read(name)).toEqual(await source.read(name));
      expect(await Readable.from(checkpoint.stream(name)).toArray()).toEqual([await source.read(name)]);
    }
  });

  it('reads a single file, and one behind a symbolic link as the hub caches it', async () => {
    await mkdir(join(dir, 'blobs'));
    await write(join(dir, 'blobs'), ['a'], 1000);
    await symlink(join(dir, 'blobs', 'model.safetensors'), join(dir, 'model.safetensors'));
    for (const path of [dir, join(dir, 'blobs', 'model.safetensors')]) {
      const checkpoint = await opened(path);
      expect(checkpoint.names()).toEqual(['a']);
    }
  });

  it('lets the index decide, and finds what it forgot', async () => {
    await write(join(dir, 'x'), ['a', 'b'], 1000);
    await write(join(dir, 'y'), ['b', 'c'], 1000);
    await symlink(join(dir, 'x', 'model.safetensors'), join(dir, '1.safetensors'));
    await symlink(join(dir, 'y', 'model.safetensors'), join(dir, '2.safetensors'));
    await writeIndex({ b: '1.safetensors', c: '2.safetensors' });
    const checkpoint = await opened(dir);
    expect(checkpoint.names().sort()).toEqual(['a', 'b', 'c']);
    expect(checkpoint.list()).toHaveLength(3);
    expect(checkpoint.info('b').file).toBe(join(dir, '1.safetensors'));

    await writeIndex({ a: '1.safetensors', c: '2.safetensors' });
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: Tensor "b" is in both DIR/1.safetensors and DIR/2.safetensors, and DIR/model.safetensors.index.json does not say which one counts."`,
    );
  });

  it('names a missing shard and a tensor that is not where the index says', async () => {
    await write(dir, ['a', 'b'], 8);
    await writeIndex({ a: 'model-00001-of-00002.safetensors', b: 'model-00003-of-00002.safetensors' });
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR lacks the shard model-00003-of-00002.safetensors that model.safetensors.index.json names. Download it: ENOENT: no such file or directory, stat 'DIR/model-00003-of-00002.safetensors'"`,
    );
    await writeIndex({ a: 'model-00001-of-00002.safetensors', z: 'model-00002-of-00002.safetensors' });
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR/model.safetensors.index.json says that model-00002-of-00002.safetensors holds tensor "z", but it does not. Download both again."`,
    );
  });

  it.each([
    '../a.safetensors',
    '/etc/passwd',
    'x/a.safetensors',
    'x\\a.safetensors',
    'C:a.safetensors',
    '..',
    '',
    'a\0',
  ])('does not follow the path %j out of the folder', async (file) => {
    await writeIndex({ a: file });
    expect(await failure()).toContain('only a plain file name is allowed');
  });

  it('refuses an index that is none', async () => {
    await writeIndex({ a: 3 });
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR/model.safetensors.index.json: weight_map "a" is not a file name."`,
    );
    await writeIndex([]);
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR/model.safetensors.index.json has no weight_map object (tensor name → shard file)."`,
    );
    await writeFile(join(dir, 'model.safetensors.index.json'), '{');
    expect(await failure()).toContain('DIR/model.safetensors.index.json is not valid JSON: ');
  });

  it('says what a folder without a checkpoint lacks', async () => {
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR holds no checkpoint: neither model.safetensors nor model.safetensors.index.json. Is it the right folder, and did its download finish?"`,
    );
    await writeFile(join(dir, 'pytorch_model.bin'), '');
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR holds no checkpoint: neither model.safetensors nor model.safetensors.index.json. pytorch_model.bin is a PyTorch file: load it in transformers and save it with save_pretrained (safetensors)."`,
    );
    await writeFile(join(dir, 'consolidated.safetensors'), '');
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR holds no checkpoint: neither model.safetensors nor model.safetensors.index.json. To use one of its other files, name it: consolidated.safetensors."`,
    );
    await writeFile(join(dir, 'model-00001-of-00002.safetensors'), '');
    expect(await failure()).toMatchInlineSnapshot(
      `"WeightError: DIR holds no checkpoint: neither model.safetensors nor model.safetensors.index.json. It holds 2 shards without their index: download model.safetensors.index.json too."`,
    );
  });

  it('names a path that does not exist', async () => {
    await rm(dir, { recursive: true });
    const message = await failure();
    await mkdir(dir);
    expect(message).toMatchInlineSnapshot(
      `"WeightError: Cannot open the checkpoint DIR: ENOENT: no such file or directory, stat 'DIR'"`,
    );
  });
});
