import { InferenceSession } from 'onnxruntime-node';
import { expect, it, vi } from 'vitest';
import { maxDifference, openInRuntime } from '../../../../test/support/onnx.ts';
import { image, smallDecoder, tokens } from '../../../../test/support/smallDecoder.ts';

// What `onnxruntime-node` calls a factory is the class of its sessions.
const sessions: Pick<InferenceSession, 'run'> = Reflect.get(InferenceSession, 'prototype');

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

it.each([8, 16])('runs single tokens of all slots as one, heads of %i', async (headDim) => {
  const { program, params } = smallDecoder({ headDim });
  const [executor, alone] = [await openInRuntime(program, 'ort', params), await openInRuntime(program, 'ort', params)];
  const batch = executor.openBatch(4);
  const slots = Array.from({ length: 4 }, () => batch.open() ?? expect.fail('no slot'));
  for (const [i, slot] of slots.entries()) {
    await slot.run('openWindow', image(1 + i, 0));
    await slot.run('step', tokens(2 + i, 0));
  }
  const runs = vi.spyOn(sessions, 'run');
  // The third has nothing to do, and must not be disturbed.
  const busy = [0, 1, 3];
  const together = await Promise.all(busy.map((i) => slots[i]?.run('step', tokens(1, 2 + i))));
  expect(runs).toHaveBeenCalledTimes(1);
  // Chunks run alone.
  await Promise.all([slots[0]?.run('step', tokens(2, 3)), slots[2]?.run('step', tokens(2, 4))]);
  expect(runs).toHaveBeenCalledTimes(3);
  runs.mockRestore();
  for (const [i, outputs] of [...busy.map((i, at) => [i, together[at]] as const), [2, undefined] as const]) {
    await alone.reset();
    await alone.run('openWindow', image(1 + i, 0));
    await alone.run('step', tokens(2 + i, 0));
    const expected = i === 2 ? await alone.run('step', tokens(2, 4)) : await alone.run('step', tokens(1, 2 + i));
    if (outputs) expect(maxDifference(outputs.logits?.data ?? [], expected.logits?.data ?? [])).toBeLessThan(1e-6);
    const next = i === 0 ? await alone.run('step', tokens(2, 3)) : undefined;
    const at = i === 0 ? 5 : i === 2 ? 6 : 3 + i;
    const [mine, theirs] = [await slots[i]?.run('step', tokens(1, at)), await alone.run('step', tokens(1, at))];
    expect(next?.logits?.shape ?? [1, 2, 19]).toEqual([1, 2, 19]);
    expect(maxDifference(mine?.logits?.data ?? [], theirs.logits?.data ?? [])).toBeLessThan(1e-6);
  }
  await Promise.all([executor.dispose(), alone.dispose()]);
});

it('keeps tokens apart that are at one place with other positions', async () => {
  // Attention that rotates by itself looks angles up by place.
  const { program, params } = smallDecoder({ headDim: 16 });
  const [executor, alone] = [await openInRuntime(program, 'ort', params), await openInRuntime(program, 'ort', params)];
  const batch = executor.openBatch(2);
  const slots = Array.from({ length: 2 }, () => batch.open() ?? expect.fail('no slot'));
  const starts = [0, 5];
  const runs = vi.spyOn(sessions, 'run');
  const together = await Promise.all(slots.map((slot, i) => slot.run('step', tokens(1, starts[i] ?? 0))));
  expect(runs).toHaveBeenCalledTimes(2);
  runs.mockRestore();
  for (const [i, start] of starts.entries()) {
    await alone.reset();
    const expected = await alone.run('step', tokens(1, start));
    expect(maxDifference(together[i]?.logits?.data ?? [], expected.logits?.data ?? [])).toBeLessThan(1e-6);
  }
  await Promise.all([executor.dispose(), alone.dispose()]);
});

it('is not disturbed by rows between that are free, or at the same place', async () => {
  const { program, params } = smallDecoder({ headDim: 16 });
  const [executor, alone] = [await openInRuntime(program, 'ort', params), await openInRuntime(program, 'ort', params)];
  const expected = async (start: number) => {
    await alone.reset();
    await alone.run('step', tokens(2, start));
    return alone.run('step', tokens(1, start + 2));
  };
  for (const between of ['free', 'at the same place'] as const) {
    const batch = executor.openBatch(3);
    const slots = Array.from({ length: 3 }, () => batch.open() ?? expect.fail('no slot'));
    // Only the first and the last go on; they are where the one between is, but for its positions.
    for (const [i, slot] of slots.entries()) await slot.run('step', tokens(2, i === 1 ? 0 : 7));
    if (between === 'free') await slots[1]?.dispose();
    const [first, last] = await Promise.all([slots[0], slots[2]].map((slot) => slot?.run('step', tokens(1, 9))));
    const wanted = await expected(7);
    for (const outputs of [first, last]) {
      expect(maxDifference(outputs?.logits?.data ?? [], wanted.logits?.data ?? [])).toBeLessThan(1e-6);
    }
    await batch.dispose();
  }
  await Promise.all([executor.dispose(), alone.dispose()]);
});

it('plans every run with what the runs before have written', async () => {
  const { program, params } = smallDecoder({ headDim: 16 });
  const [executor, alone] = [await openInRuntime(program, 'ort', params), await openInRuntime(program, 'ort', params)];
  const batch = executor.openBatch(5);
  // Where each is, and how many tokens later than that its positions are. The third and the last cannot run with those
  // at their places; the fourth, which runs with the others before, is then at the third one's place.
  const rows = [
    { place: 2, later: 0 },
    { place: 5, later: 0 },
    { place: 2, later: 7 },
    { place: 1, later: 0 },
    { place: 5, later: 7 },
  ].map((row) => ({ ...row, slot: batch.open() ?? expect.fail('no slot') }));
  for (const { slot, place, later } of rows) await slot.run('step', tokens(place, later));
  const together = await Promise.all(rows.map(({ slot, place, later }) => slot.run('step', tokens(1, place + later))));
  for (const [i, outputs] of together.entries()) {
    await alone.reset();
    const { place, later } = rows[i] ?? expect.fail('no row');
    await alone.run('step', tokens(place, later));
    const expected = await alone.run('step', tokens(1, place + later));
    expect(maxDifference(outputs.logits?.data ?? [], expected.logits?.data ?? [])).toBeLessThan(1e-6);
  }
  await Promise.all([executor.dispose(), alone.dispose()]);
});

it('refuses a number of rows that makes no sense', async () => {
  const { program, params } = smallDecoder();
  const executor = await openInRuntime(program, 'ort', params);
  expect(() => executor.openBatch(0)).toThrowErrorMatchingInlineSnapshot(
    `[InputError: a batch has 1 row or more, got 0]`,
  );
  await executor.dispose();
});
