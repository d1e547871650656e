import type { Batch, Executor } from '@casement/session';
import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

const { signal } = new AbortController();

/** A batch of one conversation, whose end fails. */
function failingBatch(): Batch {
  let free = 1;
  const dispose = async () => {
    free = 1;
    throw new Error('device lost');
  };
  return {
    rows: 1,
    get free() {
      return free;
    },
    open: () => {
      free = 0;
      return { dispose } as unknown as Executor; // nothing else of it is asked for
    },
    dispose: async () => {},
  };
}

test('a conversation whose end fails leaves its place all the same', async () => {
  const slots = new Slots(failingBatch(), 0);
  for (let i = 0; i < 2; i++) {
    const visit = slots.enter();
    await visit.executor(signal);
    expect(() => slots.enter()).toThrow('its queue is full');
    await expect(visit.leave()).rejects.toThrow('device lost');
  }
  expect([slots.busy, slots.waiting]).toEqual([0, 0]);
  await slots.close();
  expect(() => slots.enter()).toThrow('shutting down');
});
