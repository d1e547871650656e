import { expect, it } from 'vitest';
import { openInRuntime } from '../../../../test/support/onnx.ts';
import { image, smallDecoder, tokens } from '../../../../test/support/smallDecoder.ts';

it('gives slots away and takes them back, empty', async () => {
  const { program, params } = smallDecoder();
  const executor = await openInRuntime(program, 'ort', params);
  const batch = executor.openBatch(2);
  const [a, b, none] = [batch.open(), batch.open(), batch.open()];
  expect([batch.rows, batch.free, none]).toEqual([2, 0, undefined]);
  await Promise.all([a?.run('step', tokens(3, 0)), b?.run('openWindow', image(2, 0))]);
  expect([a?.lengths.get('past'), b?.lengths.get('window'), executor.lengths.get('past')]).toEqual([3, 2, 0]);
  await a?.dispose();
  await expect(a?.run('step', tokens(1, 3))).rejects.toThrow('was disposed');
  const again = batch.open();
  expect(again?.lengths.get('past')).toBe(0);
  await batch.dispose();
  expect(batch.free).toBe(2);
  await executor.run('step', tokens(1, 0));
  await executor.dispose();
});

it('refuses a number of rows that makes no sense', async () => {
  const { program, params } = smallDecoder();
  const executor = await openInRuntime(program, 'ort', params);
  expect(() => executor.openBatch(0)).toThrowErrorMatchingInlineSnapshot(
    `[InputError: a batch has 1 row or more, got 0]`,
  );
  await executor.dispose();
});
