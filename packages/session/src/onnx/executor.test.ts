import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namedDim, parseProgram } from '@casement/ir';
import { lowerToOnnx } from '@casement/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxDifference, openInRuntime } from '../../../../test/support/onnx.ts';
import { image, smallDecoder, tokens } from '../../../../test/support/smallDecoder.ts';
import { programSignature } from '../reference/index.ts';
import { onnxExecutor } from './index.ts';

const { program, params } = smallDecoder();
const open = () => openInRuntime(program, 'ort', params);
const logitsOf = (outputs: Awaited<ReturnType<Awaited<ReturnType<typeof open>>['run']>>) => outputs.logits?.data ?? [];

describe('a run', () => {
  it('gives the same after a reset as at the start', async () => {
    const executor = await open();
    const first = await executor.run('step', tokens(4, 0));
    expect(executor.lengths).toEqual(
      new Map([
        ['past', 4],
        ['window', 4],
      ]),
    );
    await executor.reset();
    expect(executor.lengths).toEqual(
      new Map([
        ['past', 0],
        ['window', 0],
      ]),
    );
    expect(logitsOf(await executor.run('step', tokens(4, 0)))).toEqual(logitsOf(first));
    await executor.dispose();
  });

  it('empties only the states that are counted by one dim', async () => {
    const [executor, fresh] = [await open(), await open()];
    await executor.run('openWindow', image(3, 0));
    await executor.run('step', tokens(4, 0));
    await executor.reset('window');
    expect(executor.lengths).toEqual(
      new Map([
        ['past', 4],
        ['window', 0],
      ]),
    );
    await fresh.run('step', tokens(4, 0));
    await fresh.reset('window');
    const [after, expected] = [await executor.run('step', tokens(1, 4)), await fresh.run('step', tokens(1, 4))];
    // The text of a first layer's cache does not depend on the image; a second layer's does.
    expect(maxDifference(logitsOf(after), logitsOf(expected))).toBeGreaterThan(1e-3);
    await Promise.all([executor.dispose(), fresh.dispose()]);
  });

  it('runs calls in the order they were made', async () => {
    const [executor, ordered] = [await open(), await open()];
    const calls = [tokens(3, 0), tokens(1, 3), tokens(2, 4)];
    const together = await Promise.all(calls.map((call) => executor.run('step', call)));
    for (const [i, call] of calls.entries()) {
      expect(logitsOf(together[i] ?? {})).toEqual(logitsOf(await ordered.run('step', call)));
    }
    await Promise.all([executor.dispose(), ordered.dispose()]);
  });

  it('gives only the outputs that are asked for, and still updates the states', async () => {
    const executor = await open();
    expect(await executor.run('step', tokens(2, 0), { outputs: [] })).toEqual({});
    expect(executor.lengths.get('past')).toBe(2);
    await executor.dispose();
  });
});

describe('an entry of its own kind', () => {
  const memory = parseProgram(`program memory
dim seq = 1 .. 4
dim past = 0 .. 8
state $memory : f32[past 2] axis 0
entry add(%x : f32[seq 2]) {
  %all : f32[past+seq 2] = append($memory, %x) {axis=0}
  %sum : f32[2] = reduceSum(%all) {axis=0, keepDims=false}
  keep $memory = %all
  return sum = %sum
}

entry forget() {
  %none : f32[0 2] = reset($memory) {axis=0}
  keep $memory = %none
}

entry negate(%x : f32[seq 2]) {
  %y : f32[seq 2] = neg(%x)
  return y = %y
}
`);
  const x = { dtype: 'f32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } as const;

  it('may only empty a state', async () => {
    const executor = await openInRuntime(memory, 'onnx');
    await executor.run('add', { x });
    expect((await executor.run('add', { x })).sum?.data).toEqual(Float32Array.of(8, 12));
    expect(await executor.run('forget', {})).toEqual({});
    expect(executor.lengths.get('past')).toBe(0);
    expect((await executor.run('add', { x })).sum?.data).toEqual(Float32Array.of(4, 6));
    await executor.dispose();
  });

  it('may run without states and for no output', async () => {
    const executor = await openInRuntime(memory, 'onnx');
    await executor.run('add', { x });
    expect((await executor.run('negate', { x })).y?.data).toEqual(Float32Array.of(-1, -2, -3, -4));
    expect(await executor.run('negate', { x }, { outputs: [] })).toEqual({});
    expect(executor.lengths.get('past')).toBe(2);
    await executor.dispose();
  });
});

describe('a refused or failed run', () => {
  it.each<[string, () => Parameters<Awaited<ReturnType<typeof open>>['run']>]>([
    ['an unknown entry', () => ['decode', {}]],
    ['a missing input', () => ['step', { input_ids: tokens(1, 2).input_ids ?? expect.fail() }]],
    [
      'two sizes under one name',
      () => ['step', { ...tokens(2, 2), position_ids: tokens(3, 2).position_ids ?? expect.fail() }],
    ],
    ['a size out of bounds', () => ['step', tokens(0, 2)]],
    ['a full cache', () => ['step', tokens(16, 2)]],
    [
      'a token that does not exist',
      () => ['step', { ...tokens(1, 2), input_ids: { dtype: 'i32', shape: [1, 1], data: Int32Array.of(99) } }],
    ],
  ])('leaves everything as it was: %s', async (_, call) => {
    const [executor, other] = [await open(), await open()];
    for (const each of [executor, other]) {
      await each.run('step', tokens(10, 0));
      await each.run('step', tokens(2, 10));
    }
    await expect(executor.run(...call())).rejects.toThrowErrorMatchingSnapshot();
    expect(executor.lengths).toEqual(other.lengths);
    expect(await executor.run('step', tokens(1, 12))).toEqual(await other.run('step', tokens(1, 12)));
    await Promise.all([executor.dispose(), other.dispose()]);
  });

  it('does not start when it was aborted before', async () => {
    const executor = await open();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(executor.run('step', tokens(1, 0), { signal })).rejects.toThrow('enough');
    expect(executor.lengths.get('past')).toBe(0);
    await executor.dispose();
  });

  it('refuses a call whose other sizes are not those of the states', async () => {
    const batched = smallDecoder({ batch: namedDim('batch') });
    const executor = await openInRuntime(batched.program, 'onnx', batched.params);
    await executor.run('step', tokens(2, 0, 2));
    await expect(executor.run('step', tokens(1, 2, 3))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: state "layers.0.self_attn.past_key_values.key" holds [2, 2, 2, 8], but this call needs [3, 2, 2, 8]; reset it first]`,
    );
    await executor.run('step', tokens(1, 2, 2));
    await executor.reset();
    await executor.run('step', tokens(1, 0, 3));
    await executor.dispose();
  });

  it('throws after dispose, which may be called twice', async () => {
    const executor = await open();
    await Promise.all([executor.dispose(), executor.dispose()]);
    await expect(executor.run('step', tokens(1, 0))).rejects.toThrow('model small was disposed');
    await expect(executor.reset()).rejects.toThrow('model small was disposed');
  });
});

describe('an artifact folder', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'casement-onnx-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  /** Writes the models, and one shard with all weights; a weight in front keeps the rest unaligned. */
  async function write(profile: 'ort' | 'onnx') {
    let at = 3;
    const chunks: Uint8Array[] = [new Uint8Array(at)];
    const places = new Map(
      [...params].map(([name, { data }]) => {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        const place = { file: 'model.safetensors', byteOffset: at, byteLength: bytes.byteLength };
        at += bytes.byteLength;
        chunks.push(bytes);
        return [name, place] as const;
      }),
    );
    const weights = (name: string) => places.get(name) ?? expect.fail(`no param ${name}`);
    const { files, target } = lowerToOnnx(program, { profile, weights });
    const all = new Map<string, Uint8Array>([...files, ['model.safetensors', new Uint8Array(Buffer.concat(chunks))]]);
    for (const [name, bytes] of all) await writeFile(join(dir, name), bytes);
    return { all, target, signature: programSignature(program) };
  }

  it.each(['ort', 'onnx'] as const)('is read from disk or from memory, profile %s', async (profile) => {
    const { all, target, signature } = await write(profile);
    const inMemory = await onnxExecutor({ signature, target, files: all });
    const onDisk = await onnxExecutor({ signature, target, files: dir, threads: 1, providers: ['cpu'] });
    const inside = await openInRuntime(program, profile, params);
    const expected = logitsOf(await inside.run('step', tokens(5, 0)));
    for (const executor of [inMemory, onDisk]) {
      const difference = maxDifference(logitsOf(await executor.run('step', tokens(5, 0))), expected);
      expect(difference).toBeLessThanOrEqual(1e-6);
    }
    await Promise.all([inMemory, onDisk, inside].map((executor) => executor.dispose()));
  });

  it('names the file that cannot be loaded', async () => {
    const { target, signature } = await write('ort');
    await writeFile(join(dir, 'openWindow.onnx'), 'no model');
    await expect(onnxExecutor({ signature, target, files: dir })).rejects.toThrow(
      /^openWindow.onnx cannot be loaded: /,
    );
    const files = new Map([['step.onnx', new Uint8Array()]]);
    await expect(onnxExecutor({ signature, target, files })).rejects.toThrow('step.onnx cannot be loaded');
  });
});
