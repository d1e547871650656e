import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lowerToOnnx } from '@casement/onnx';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { encodeValues } from '../../../../../packages/onnx/src/bytes.ts';
import { smallDecoder, tokens } from '../../../../../test/support/smallDecoder.ts';
import { programSignature } from '../../reference/index.ts';
import { onnxExecutor } from '../index.ts';

const { program, params } = smallDecoder();
const weights = (name: string) => {
  const { dtype, data } = params.get(name) ?? expect.fail(name);
  return encodeValues(dtype, data);
};
const { files, target } = lowerToOnnx(program, { profile: 'ort', weights });
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casement-native-'));
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.doUnmock('koffi');
  vi.resetModules();
});

const open = () => onnxExecutor({ signature: programSignature(program), target, files: folder, threads: 1 });

it('is not freed while a slot runs it, and only once', async () => {
  const executor = await open();
  const slot = executor.openBatch(2).open() ?? expect.fail('no slot');
  await slot.run('step', tokens(16, 0));
  const running = slot.run('step', tokens(8, 16));
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([executor.dispose(), executor.dispose()]);
  expect((await running).logits?.shape).toEqual([1, 8, 19]);
  await expect(slot.run('step', tokens(1, 0))).rejects.toThrow('capacity');
  await slot.reset();
  await expect(slot.run('step', tokens(1, 0))).rejects.toThrow(
    'entry step failed in ONNX Runtime: the model was released',
  );
});

it('gives way to onnxruntime-node where koffi has no binary', async () => {
  const native = await open();
  const expected = await native.run('step', tokens(3, 0));
  await native.dispose();
  vi.resetModules();
  vi.doMock('koffi', () => {
    throw new Error('Cannot find the native Koffi module');
  });
  const created = vi.spyOn(InferenceSession, 'create');
  const { onnxExecutor: openWithout } = await import('../executor.ts');
  const executor = await openWithout({ signature: programSignature(program), target, files: folder, threads: 1 });
  expect(created).toHaveBeenCalledTimes(files.size);
  const { logits } = await executor.run('step', tokens(3, 0));
  expect(logits?.data).toEqual(expected.logits?.data);
  await executor.dispose();
});
